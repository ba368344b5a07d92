"""Factors of other outlets: witnesses, and whether two outlets move alike (AF-06)."""

from __future__ import annotations

from collections.abc import Iterator

from agent import watch
from agent.model import Cause
from agent.store import pages
from agent.watch import Finding, Point
from agent.watched.courses import BATCH_DAYS, Read, course, slow, thresholds
from agent.watched.look import DAY_S, Look

LEAST_SHARE = 0.75
"""Of a day's minutes that two outlets must have in common to be compared."""
LEAST_RESULTS = 12
_AVG = pages.FIGURES.index("avg")


def minutes_of(look: Look, outlet: str, factor: str) -> dict[float, float]:
    """Give the valid minutes of the day of any factor of the house."""
    number = look.names.series.get((outlet, factor, "rtd"))
    if number is None:
        return {}
    found = {}
    for row in pages.periods(look.connection, "1m", look.start, look.until, series={number}):
        value = row.figures[_AVG]
        if row.valid and value is not None:
            found[float(row.start)] = value
    return found


def of_neighbours(look: Look, read: Read) -> Iterator[Finding]:
    """Give the factors that move as those of an outlet further down in the site file."""
    ids = list(look.plan.outlets)
    for other in ids[ids.index(look.outlet.id) + 1 :]:
        theirs = look.plan.outlets[other].factors
        for code, one in look.own.factors.items():
            if code not in theirs or slow(code) or theirs[code].batch != one.batch:
                continue
            points = _results(look, other, code) if one.batch else _minutes(look, other, code)
            there = course(theirs[code], points, look.until)
            here = course(one, read.points[code], look.until)
            least = LEAST_RESULTS if one.batch else round(LEAST_SHARE * DAY_S / 60)
            rule = thresholds(look.outlet, code)
            yield from watch.side_by_side(here, there, rule, outlet=other, least=least)


def _minutes(look: Look, outlet: str, factor: str) -> list[Point]:
    return [Point(at, value) for at, value in minutes_of(look, outlet, factor).items()]


def _results(look: Look, outlet: str, factor: str) -> list[Point]:
    number = look.names.series.get((outlet, factor, "rtd"))
    start = look.until - BATCH_DAYS * DAY_S
    return [
        Point(one.sampled_at, one.value)
        for one in pages.results(look.connection, start, look.until)
        if one.series == number and one.value is not None and one.cause is Cause.NORMAL
    ]
