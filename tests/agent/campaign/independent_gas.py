"""The turbine's figures by a calculation of its own: plain SQL and Python, written from the rules.

Nothing of the agent's chain, statistics or substitution is used here. Ids are those of
docs/rules.md. Figures agree to a billionth: sums are made in another order.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from turbine_course import HOUR, MINUTE, Calibration, Cycle, Life

AREA_M2, REFERENCE_O2, DUST_RANGE = 24.0, 15.0, 50.0
ORDER = "FDBMCT"
"""STAT-06: of causes as frequent the first."""
LETTERS = {
    "normal": "N",
    "stopped": "F",
    "fault": "D",
    "power": "D",
    "no_link": "B",
    "maintenance": "M",
    "calibration": "C",
    "over_range": "T",
}
FACTORS = {
    **{"a01012": "temperature", "a01013": "static", "a01006": "ambient", "a21026": "so2"},
    **{"a21002": "no", "a21004": "no2", "a21005": "co", "a19001": "o2", "a01014": "moisture"},
    **{"a34013": "dust", "a00000": "velocity"},
}
STATE = ("temperature", "static", "ambient")
MADE_OF = {
    "a21026": ("moisture",),
    "a21002": ("no2",),
    "a34013": (*STATE, "moisture"),
    "a00000": (*STATE, "moisture"),
}
"""STAT-12: what else each factor is calculated of."""
CORRECTED = ("a21026", "a21002", "a21005", "a34013")
MASSES = (*CORRECTED, "a21004")
MARKS = {"故障": "D", "校验": "C", "日常维护": "M", "停运": "F"}

Span = tuple[tuple[str, ...], str, int, int]
"""A mark: factors (none: all), name, start, end exclusive."""

SCHEMA = """
CREATE TABLE sample (factor TEXT, minute INTEGER, value REAL, letter TEXT);
CREATE TABLE minute AS
    SELECT '' factor, 0 minute, 0.0 mean, 0.0 least, 0.0 most, 0 valid, 0.0 volume, 0.0 zs
    WHERE 0;
CREATE UNIQUE INDEX one_minute ON minute (factor, minute);
CREATE TABLE hour AS
    SELECT '' factor, 0 start, 0.0 mean, 0.0 least, 0.0 most, 0 valid, 0.0 volume, 0.0 zs,
    0.0 mass WHERE 0;
CREATE TABLE day AS
    SELECT '' factor, 0 start, 0.0 mean, 0 valid, 0.0 zs, 0.0 mass, 0 hours WHERE 0;
"""
MINUTES = """
INSERT INTO minute
SELECT factor, minute, avg(value) FILTER (WHERE letter = 'N'),
    min(value) FILTER (WHERE letter = 'N'), max(value) FILTER (WHERE letter = 'N'),
    sum(letter = 'N') >= 0.75 * :due,
    sum(value) FILTER (WHERE letter = 'N') * :every, NULL
FROM sample GROUP BY factor, minute
"""
CONVERTED = """
UPDATE minute SET zs = minute.mean * (21 - :reference) / (21 - oxygen.mean) FROM minute AS oxygen
WHERE oxygen.factor = 'a19001' AND oxygen.minute = minute.minute AND oxygen.valid
    AND oxygen.mean < 21 AND minute.valid AND minute.factor IN (SELECT value FROM corrected)
"""
HOURS = """
INSERT INTO hour
SELECT factor, minute - minute % 3600, avg(mean) FILTER (WHERE valid),
    min(least) FILTER (WHERE valid), max(most) FILTER (WHERE valid), sum(valid) >= 45,
    sum(volume), CASE WHEN count(zs) >= 45 AND sum(valid) >= 45 THEN avg(zs) END, NULL
FROM minute GROUP BY factor, minute - minute % 3600
"""
MASS = """
UPDATE hour SET mass = hour.mean * flow.volume * 1e-6 FROM hour AS flow
WHERE flow.factor = 'a00000' AND flow.start = hour.start AND flow.valid AND hour.valid
    AND hour.factor IN (SELECT value FROM masses)
"""
DAYS = """
INSERT INTO day
SELECT factor, (start + 28800) / 86400 * 86400 - 28800, avg(mean) FILTER (WHERE valid),
    sum(valid) >= 20, CASE WHEN count(zs) FILTER (WHERE valid) >= 20 AND sum(valid) >= 20
    THEN avg(zs) FILTER (WHERE valid) END, sum(mass), sum(valid)
FROM hour GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of one factor; `mass` in kg, `zs` at reference oxygen."""

    mean: float | None
    least: float | None
    most: float | None
    valid: bool
    letter: str
    volume: float | None
    zs: float | None
    mass: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of one factor."""

    mean: float | None
    valid: bool
    zs: float | None
    mass: float | None
    hours: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Hours and days by factor and start."""

    hours: dict[tuple[str, int], Hour]
    days: dict[tuple[str, int], Day]


def figures(life: Life, marks: Sequence[Span] = ()) -> Figures:
    """Calculate everything again, as it was reported or after marks."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    for name, codes in (("corrected", CORRECTED), ("masses", MASSES)):
        connection.execute(f"CREATE TABLE {name} (value)")
        connection.executemany(f"INSERT INTO {name} VALUES (?)", ((code,) for code in codes))
    due = MINUTE // life.every_s
    connection.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", _samples(life))
    connection.execute("CREATE INDEX by_minute ON sample (factor, minute)")
    connection.execute(MINUTES, {"due": due, "every": life.every_s})
    troubled = _troubled(connection)
    lost = list(_lost(connection, life, marks))
    connection.executemany(
        "UPDATE minute SET valid = 0, volume = NULL WHERE factor = ? AND minute = ?",
        ((factor, at) for factor, at, _ in lost),
    )
    connection.execute(CONVERTED, {"reference": REFERENCE_O2})
    connection.execute(HOURS)
    connection.execute(MASS)
    letters = _hour_letters(connection, life, troubled, due=due, lost=lost)
    hours = {
        (factor, start): Hour(
            mean, least, most, bool(valid), letters[factor, start], volume, zs, mass
        )
        for factor, start, mean, least, most, valid, volume, zs, mass in connection.execute(
            "SELECT * FROM hour"
        )
    }
    for key, letter in letters.items():  # an hour in which nothing at all was sampled
        hours.setdefault(key, Hour(None, None, None, False, letter, None, None, None))
    connection.execute(DAYS)
    days = {
        (factor, start): Day(mean, bool(valid), zs, mass, count)
        for factor, start, mean, valid, zs, mass, count in connection.execute("SELECT * FROM day")
    }
    connection.close()
    return Figures(hours, days)


def _samples(life: Life) -> Iterable[tuple[str, int, float | None, str]]:
    """Convert what the instruments said."""
    heard: dict[str, tuple[int, float | None, str]] = {}
    for cycle in life.cycles(life.start, life.end):
        letter = LETTERS[cycle.cause.value]
        for point, value in cycle.values.items():
            heard[point] = (cycle.at, value, letter)
        for factor, value, mark in _converted(cycle, letter, heard, 3 * life.every_s):
            yield factor, cycle.at - cycle.at % MINUTE, value, mark


def _troubled(connection: sqlite3.Connection) -> dict[tuple[str, int], Counter[str]]:
    """Give the letters of the samples of each minute that is not valid."""
    found: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    invalid = connection.execute("SELECT factor, minute FROM minute WHERE NOT valid").fetchall()
    for factor, minute in invalid:
        for letter, count in connection.execute(
            "SELECT letter, count(*) FROM sample WHERE factor = ? AND minute = ? GROUP BY letter",
            (factor, minute),
        ):
            found[factor, minute][letter] = count
    return found


def _converted(
    cycle: Cycle, letter: str, heard: dict[str, tuple[int, float | None, str]], age_s: int
) -> Iterable[tuple[str, float | None, str]]:
    for factor, point in FACTORS.items():
        if point not in cycle.values:
            continue
        value, mark = cycle.values[point], letter
        if factor == "a34013" and mark == "N" and value is not None and value > DUST_RANGE:
            mark = "T"  # WAT-08: the range is that of what the instrument shows
        inputs: dict[str, float] = {}
        for name in MADE_OF.get(factor, ()):
            at, figure, said = heard.get(name, (-1, None, "B"))
            if cycle.at - at > age_s:
                figure, said = None, "B"
            if figure is None or said != "N":
                value = None
                if mark == "N":
                    mark = "D" if said == "N" else said
                break
            inputs[name] = figure
        yield factor, None if value is None else _formula(factor, value, inputs), mark


def _formula(factor: str, value: float, inputs: dict[str, float]) -> float:
    dry = 1 - inputs.get("moisture", 0.0) / 100
    if factor == "a21026":
        return 64 / 22.4 * value / dry  # CEMS-03, CEMS-02
    if factor == "a21002":
        return value * 46 / 30 + inputs["no2"]  # CEMS-04
    if factor in ("a34013", "a00000"):
        pressure = (inputs["ambient"] + inputs["static"]) * 1000
        state = 101325 / pressure * (273 + inputs["temperature"]) / 273
        if factor == "a34013":
            return value * state / dry  # CEMS-01, CEMS-02
        return value * AREA_M2 / state * dry  # CEMS-12, CEMS-13, in m3/s
    return value


def _lost(
    connection: sqlite3.Connection, life: Life, marks: Sequence[Span]
) -> Iterable[tuple[str, int, str]]:
    """Give the minutes that marks make invalid, and their letters (STAT-12, STAT-13)."""
    codes = {point: factor for factor, point in FACTORS.items()}
    for factors, name, start, end in sorted(marks, key=lambda one: (one[2], one[3])):
        hit = set(factors or FACTORS)
        hit |= {
            factor
            for factor, inputs in MADE_OF.items()
            if any(codes[point] in (factors or FACTORS) for point in inputs)
        }
        for at in range(max(start, life.start), min(end, life.end), MINUTE):
            for factor in hit:
                yield factor, at, MARKS[name]


def _hour_letters(
    connection: sqlite3.Connection,
    life: Life,
    troubled: dict[tuple[str, int], Counter[str]],
    *,
    due: int,
    lost: Sequence[tuple[str, int, str]],
) -> dict[tuple[str, int], str]:
    """Give each hour's letter: N, or the most frequent of its minutes (STAT-06, STAT-07)."""
    marked = {(factor, at): letter for factor, at, letter in reversed(lost)}
    whole = set(connection.execute("SELECT factor, start FROM hour WHERE valid"))
    found = {}
    for factor in FACTORS:
        for start in range(life.start, life.end, HOUR):
            if (factor, start) in whole:
                found[factor, start] = "N"
                continue
            valid = {
                minute
                for (minute,) in connection.execute(
                    "SELECT minute FROM minute WHERE valid AND factor = ? AND minute >= ?"
                    " AND minute < ?",
                    (factor, start, start + HOUR),
                )
            }
            letters = Counter(
                marked.get((factor, at)) or _letter(troubled.get((factor, at)), due)
                for at in range(start, start + HOUR, MINUTE)
                if at not in valid
            )
            found[factor, start] = "F" if letters["F"] > 15 else _first(letters) or "D"
    return found


def _letter(seen: Counter[str] | None, due: int) -> str:
    """Give the letter of an invalid minute; one sample less than due is no trouble by itself."""
    if seen is None:
        return "D"
    troubles = Counter({letter: n for letter, n in seen.items() if letter != "N"})
    troubles["D"] += max(0, due - sum(seen.values()) - 1)
    return _first(troubles) or "D"


def _first(letters: Counter[str]) -> str:
    most = max(letters.values(), default=0)
    return next((letter for letter in ORDER if most and letters[letter] == most), "")


def valid_month(days: Iterable[Day], *, february: bool = False) -> tuple[bool, float | None]:
    """Give whether a month is valid, and the mean of its valid days (STAT-09)."""
    means = [one.mean for one in days if one.valid and one.mean is not None]
    return len(means) >= (23 if february else 25), sum(means) / len(means) if means else None


def capture_rate(hours: Sequence[Hour]) -> float:
    """Give (H - invalid - stopped) / (H - stopped) in percent (QC-06)."""
    stopped = sum(one.letter == "F" for one in hours)
    invalid = sum(one.letter != "F" and one.mass is None for one in hours)
    return (len(hours) - invalid - stopped) / (len(hours) - stopped) * 100


def substituted(
    hours: dict[int, Hour], quarter: Sequence[int], calibrations: Sequence[Calibration]
) -> dict[int, float | None]:
    """Give the mass in place of each lost hour of a quarter (HJ 75-2017 Tables 5 and 6)."""
    rate = capture_rate([hours[at] for at in quarter])
    doubted = _doubted(calibrations)
    passes = [one.end for one in calibrations if abs(one.drift_pct) <= 2.5]
    found: dict[int, float | None] = {}
    for run in _runs(hours, quarter, doubted):
        before = run[0]
        if run[0] in doubted:
            earlier = [at for at in passes if at <= run[0]]
            if not earlier:
                found |= dict.fromkeys(run, None)
                continue
            before = max(earlier)
        back = None if rate < 75 else 2160 if rate < 90 else 180 if len(run) <= 24 else 720
        known = [
            (at, one.mass)
            for at, one in hours.items()
            if one.mass is not None and one.letter != "F" and at not in doubted
            if at + HOUR <= before
        ]
        masses = [] if back is None else [mass for _, mass in sorted(known)[-back:]]
        found |= dict.fromkeys(run, max(masses, default=None))
    return found


def _doubted(calibrations: Sequence[Calibration]) -> set[int]:
    """Give the hours touched between a calibration beyond 10 % and the next pass (QC-03)."""
    found: set[int] = set()
    since = None
    for one in sorted(calibrations, key=lambda one: one.end):
        if abs(one.drift_pct) > 10 and since is None:
            since = one.end
        elif abs(one.drift_pct) <= 2.5 and since is not None:
            found |= set(range(since - since % HOUR, one.end, HOUR))
            since = None
    return found


def _runs(hours: dict[int, Hour], quarter: Sequence[int], doubted: set[int]) -> Iterable[list[int]]:
    """Give the runs of lost hours of one kind."""
    run: list[int] = []
    for at in sorted(quarter):
        lost = hours[at].letter != "F" and (hours[at].mass is None or at in doubted)
        if run and (not lost or at != run[-1] + HOUR or (at in doubted) != (run[-1] in doubted)):
            yield run
            run = []
        if lost:
            run.append(at)
    if run:
        yield run
