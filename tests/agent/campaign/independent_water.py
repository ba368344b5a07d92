"""The effluent's figures by a calculation of its own: plain SQL, written from the rules."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from effluent_course import ANALYZERS, DAY, HOUR, LATE_S, MINUTE, Works

CONTINUOUS = ("w00000", "w01001", "w01010")
BATCH = tuple(ANALYZERS.values())
SCHEMA = """
CREATE TABLE sample (factor TEXT, minute INTEGER, value REAL, normal INTEGER);
CREATE TABLE hour (factor TEXT, start INTEGER, mean REAL, valid INTEGER, volume REAL,
    mass REAL, UNIQUE (factor, start));
"""
# STAT-03, WAT-21a; the volume is that of the normal samples, L/s in m3
HOURS = """
INSERT INTO hour
SELECT factor, minute - minute % 3600, avg(mean) FILTER (WHERE valid), sum(valid) >= 45,
    CASE WHEN factor = 'w00000' THEN sum(volume) END, NULL
FROM (
    SELECT factor, minute, avg(value) FILTER (WHERE normal) AS mean,
        sum(normal) >= 0.75 * :due AS valid,
        sum(value) FILTER (WHERE normal) * :every / 1000 AS volume
    FROM sample GROUP BY factor, minute
) GROUP BY 1, 2
"""
# WAT-22
MASS = """
UPDATE hour SET mass = hour.mean * flow.volume / 1000 FROM hour AS flow
WHERE flow.factor = 'w00000' AND flow.start = hour.start AND flow.valid AND hour.valid
    AND hour.factor IN ('w01018', 'w21003')
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour; `amount` in m3 or kg."""

    mean: float | None
    valid: bool
    amount: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day: weighted where it is a concentration; `ion` is the pH of the mean acidity."""

    mean: float | None
    valid: bool
    weighted: bool
    due: int
    amount: float | None
    ion: float | None


def hours(works: Works) -> dict[tuple[str, int], Hour]:
    """Calculate every hour of every factor."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    results: dict[tuple[str, int], float | None] = {}
    connection.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", _samples(works, results))
    connection.execute(HOURS, {"due": MINUTE // works.every_s, "every": works.every_s})
    connection.executemany(
        "INSERT INTO hour VALUES (?, ?, ?, ?, NULL, NULL)",
        ((code, at, value, value is not None) for (code, at), value in results.items()),
    )
    connection.execute(MASS)
    found = {
        (factor, start): Hour(mean, bool(valid), volume if factor == "w00000" else mass)
        for factor, start, mean, valid, volume, mass in connection.execute("SELECT * FROM hour")
    }
    connection.close()
    for factor in (*CONTINUOUS, *BATCH):
        for start in range(works.start, works.end, HOUR):
            found.setdefault((factor, start), Hour(None, False, None))
    return {key: _discharged(key, one, found["w00000", key[1]]) for key, one in found.items()}


def _discharged(key: tuple[str, int], one: Hour, flow: Hour) -> Hour:
    """Take the validity of what was analyzed where nothing flowed (WAT-24)."""
    dry = key[0] != "w00000" and flow.valid and flow.mean == 0
    return replace(one, valid=False) if dry else one


def _samples(
    works: Works, results: dict[tuple[str, int], float | None]
) -> Iterable[tuple[str, int, float | None, bool]]:
    for said in works.polled(works.start, works.end):
        for code, value in said.values.items():
            if said.device in ANALYZERS:
                if said.result_at is not None and value is not None:
                    # WAT-05: the hour of sampling; WAT-25, WAT-26: negative, or not measuring
                    normal = value >= 0 and said.cause.value == "normal"
                    results[code, said.result_at - LATE_S - HOUR] = value if normal else None
                continue
            litres = None if value is None else value / 3.6
            minute = said.at - said.at % MINUTE
            shown = litres if code == "w00000" else value
            yield code, minute, shown, shown is not None and said.cause.value == "normal"


def days(works: Works, known: Mapping[tuple[str, int], Hour]) -> dict[tuple[str, int], Day]:
    """Calculate every day (WAT-20, WAT-20a, WAT-21, WAT-23, WAT-24)."""
    found = {}
    for day in range(works.start, works.end, DAY):
        starts = range(day, day + DAY, HOUR)
        flows = {at: known["w00000", at] for at in starts}
        dry = {at for at, flow in flows.items() if flow.valid and flow.mean == 0}
        for code in (*CONTINUOUS, *BATCH):
            owed = [at for at in starts if code == "w00000" or at not in dry]
            mine = {at: known[code, at] for at in owed}
            valid = [at for at, one in mine.items() if one.valid]
            weights = {
                at: flows[at].amount or 0.0 for at in valid if code in BATCH and flows[at].valid
            }
            values = [(mine[at].mean or 0.0, weights.get(at, 0.0)) for at in valid]
            weight = math.fsum(one for _, one in values)
            mean = None
            if weight > 0:
                mean = math.fsum(value * one for value, one in values) / weight
            elif values:
                mean = math.fsum(value for value, _ in values) / len(values)
            amounts = [one.amount for one in mine.values() if one.amount is not None]
            ions = [10**-value for value, _ in values] if code == "w01001" else []
            found[code, day] = Day(
                mean,
                bool(owed) and len(valid) >= 0.75 * len(owed),
                weight > 0,
                len(owed),
                math.fsum(amounts) if amounts else None,
                -math.log10(math.fsum(ions) / len(ions)) if ions else None,
            )
    return found


def largest_before(masses: Mapping[int, float | None], day: int) -> float | None:
    """Give the largest valid day mass of the 30 days before a lost one (WAT-29a)."""
    earlier = [
        mass for at, mass in masses.items() if mass is not None and day - 30 * DAY <= at < day
    ]
    return max(earlier, default=None)
