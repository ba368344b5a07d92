"""What one outlet's values look like: valid minutes, measurements, hours, changes (AF-01…07)."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from agent import watch
from agent.model import Cause, MarkKind
from agent.plan import FactorPlan, OutletPlan
from agent.rules.limits import in_force
from agent.settings.outlet import Outlet
from agent.store import marks, pages
from agent.store.series import Names
from agent.watch import Course, Finding, Point, Thresholds
from agent.watched.look import DAY_S, Look
from protocols.hj212.factors import factor

BATCH_DAYS = 3
"""How far back measurements are looked at; a day holds few of them."""
_SLOW = frozenset({"degC", "kPa", "Pa"})
"""Units of what may well stand still: of these only constancy and jumps are asked (I)."""
_AVG, _ZS = pages.FIGURES.index("avg"), pages.FIGURES.index("zs_avg")


@dataclass(slots=True)
class Read:
    """What was read of one outlet's last day, by factor.

    `points` are what the rules look at, `normal` the valid minutes by their starts, `calibrating`
    those with the flag of a calibration. `flowing`: the minutes of a measured discharge, all of
    them where nobody measures it.
    """

    points: defaultdict[str, list[Point]] = field(default_factory=lambda: defaultdict(list))
    zs: defaultdict[str, dict[float, float]] = field(default_factory=lambda: defaultdict(dict))
    changes: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    normal: dict[str, dict[float, float]] = field(default_factory=dict)
    calibrating: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    flowing: frozenset[int] = frozenset()


def of_courses(look: Look, read: Read) -> list[Finding]:
    """Give what the rules find in the courses of single factors and of those beside them."""
    plan, outlet, until = look.own, look.outlet, look.until
    courses = {code: course(plan.factors[code], read.points[code], until) for code in read.points}
    found = [one for code in courses for one in _of_factor(plan, outlet, code, courses, read)]
    for code, one in plan.factors.items():
        rule = thresholds(outlet, code)
        if not slow(code):
            days = max(rule.narrow_days, rule.shape_days + 1)
            known = list(hours(look.connection, one, until - days * DAY_S, until, names=look.names))
            of_hours = course(one, known, until, step_s=3600.0)
            found += watch.narrow(of_hours, rule, now=until)
            found += watch.same_day(of_hours, rule, now=until)
    found += watch.parts(courses)
    found += watch.acidity(courses, thresholds(outlet, "w01001"))
    found += watch.dust_in_air(courses, thresholds(outlet, "a34013"))
    return found


def thresholds(outlet: Outlet, code: str) -> Thresholds:
    """Give the thresholds of a factor out of the settings."""
    rule = outlet.watch.of(code)
    return Thresholds(**{one.name: getattr(rule, one.name) for one in fields(Thresholds)})


def slow(code: str) -> bool:
    """Say whether a factor may well stand still, as a temperature does."""
    return _unit(code) in _SLOW


def _of_factor(
    plan: OutletPlan, outlet: Outlet, code: str, courses: Mapping[str, Course], read: Read
) -> Iterator[Finding]:
    course, rule, one = courses[code], thresholds(outlet, code), plan.factors[code]
    still = slow(code)
    yield from watch.constant(replace(course, low=None) if still else course, rule)
    yield from watch.steps(course, rule, read.changes[code])
    if still:
        return
    yield from watch.repeated(course, rule)
    if code != plan.flow:
        yield from watch.at_zero(course, rule)
    correction = one.period.correction
    # the range is one of what the instrument says, before our own conversions
    if one.chain is None:
        yield from watch.truncated(replace(course, limit=None), rule)
    if correction is None:
        yield from watch.truncated(replace(course, high=None), rule)
        return
    # and the limit one of the corrected value
    zs = [Point(at, value) for at, value in read.zs[code].items()]
    yield from watch.truncated(replace(course, points=zs, low=None, high=None), rule)
    oxygen = {point.at: point.value for point in read.points[correction.oxygen]}
    yield from watch.corrected(
        course,
        read.zs[code],
        oxygen,
        rule,
        reference=correction.reference,
        intake=outlet.gas.intake_oxygen,
    )


def read_day(look: Look) -> Read:
    """Read the last day of an outlet, its measurements of three."""
    plan, start, until = look.own, look.start, look.until
    keys = {
        number: key[1]
        for key, number in look.names.series.items()
        if (key[0], key[2]) == (plan.id, "rtd") and key[1] in plan.factors
    }
    read = Read()
    _read_minutes(look, keys, read)
    if plan.flow is None:
        read.flowing = frozenset(range(start, until, 60))
    else:
        least = look.outlet.statistics.zero_flow
        measured = read.normal.get(plan.flow, {})
        read.flowing = frozenset(int(at) for at, value in measured.items() if value > least)
    for code, minutes in read.normal.items():
        read.points[code] = [Point(at, v, at in read.flowing) for at, v in minutes.items()]
    for result in pages.results(look.connection, until - BATCH_DAYS * DAY_S, until):
        if result.series in keys and result.value is not None and result.cause is Cause.NORMAL:
            read.points[keys[result.series]].append(Point(result.sampled_at, result.value))
    for mark in marks.between(look.connection, start, until, outlet=plan.id):
        if mark.kind is MarkKind.CONDITION:
            for code in [mark.factor] if mark.factor else plan.factors:
                read.changes[code] += [mark.start, mark.end]
    return read


def _read_minutes(look: Look, keys: Mapping[int, str], read: Read) -> None:
    """Read the day's minutes: those that count, and what the flags of the others say."""
    for row in pages.periods(look.connection, "1m", look.start, look.until, series=keys):
        code, value, zs = keys[row.series], row.figures[_AVG], row.figures[_ZS]
        if row.cause is not Cause.NORMAL:
            read.changes[code].append(row.start)
            if row.cause is Cause.CALIBRATION:
                read.calibrating[code].append(row.start)
        elif row.valid and value is not None:
            read.normal.setdefault(code, {})[float(row.start)] = value
            if zs is not None:
                read.zs[code][row.start] = zs


def hours(
    connection: sqlite3.Connection, one: FactorPlan, start: int, until: int, *, names: Names
) -> Iterator[Point]:
    """Give a factor's valid hours that begin in [start, until)."""
    number = names.series.get((one.outlet, one.factor, "rtd"))
    if number is None:
        return
    for row in pages.periods(connection, "1h", start, until, series={number}):
        value = row.figures[_AVG]
        if row.valid and value is not None:
            yield Point(row.start, value)


def course(
    one: FactorPlan, points: list[Point], until: int, *, step_s: float | None = None
) -> Course:
    """Give a factor's points with what is known of it.

    A range in another unit than the stored value is the instrument's own and says nothing here.
    """
    own = one.judge.unit == _unit(one.factor)
    limit = next(
        (
            found.high
            for on in ("measurement", "hour", "day")
            if (found := in_force(one.limits, on, at=until)) is not None
        ),
        None,
    )
    return Course(
        one.factor,
        points,
        step_s or (60.0 * one.cycle_min if one.cycle_min else 60.0),
        low=one.judge.low if own else None,
        high=one.judge.high if own else None,
        limit=limit,
        digits=_digits(one.factor),
    )


def _unit(code: str) -> str:
    known = factor(code, "hj212-2017")
    return known.unit if known else ""


def _digits(code: str) -> int:
    """Give the decimals a value is printed with, one at least: dust has none in 2017 (I)."""
    known = factor(code, "hj212-2017")
    return max(1, int((known.type.partition(".")[2] if known else "") or 0))
