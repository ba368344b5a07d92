"""Calibrations at odd times, too often, beyond their limits, or with other values after (AF-11)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from agent.watch.finding import Course, Finding, Point, Thresholds, found
from protocols.hj212.times import BEIJING_OFFSET_S

_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
_SAME_S = 3600
"""Records nearer to each other than this are of one calibration."""
_BESIDE_S = 2 * 3600
"""The stretches before and after it that are held against each other."""
_LEAST = 30
"""Minutes that each of them needs."""
_PLAN_SLACK_S = 1800


@dataclass(frozen=True, slots=True)
class Calibration:
    """One calibration or check of a factor, by a person, by the instrument, or as its flag says."""

    factor: str
    start: float
    end: float
    channel: Literal["manual", "auto", "flag"]
    passed: bool | None = None
    """None: nobody said."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When calibrations are expected, local time.

    `hours`: a person's from the first to the second full hour; `plan`: an automatic one near one
    of these minutes of the day; empty: at any time.
    """

    hours: tuple[int, int] | None = (8, 18)
    plan: tuple[int, ...] = ()


def odd_times(known: Sequence[Calibration], schedule: Schedule) -> Iterator[Finding]:
    """Give those outside of working hours, and automatic ones outside of the plan."""
    for one in known:
        local = datetime.datetime.fromtimestamp(one.start, _ZONE)
        if one.channel == "manual" and schedule.hours is not None:
            first, last = schedule.hours
            if not first <= local.hour < last:
                yield _of(one, "outside working hours", at=f"{local:%H:%M}")
        elif one.channel == "auto" and schedule.plan:
            second = (local.hour * 60 + local.minute) * 60 + local.second
            off = min(_apart(second, minute * 60) for minute in schedule.plan)
            if off > _PLAN_SLACK_S:
                yield _of(one, "outside the plan", at=f"{local:%H:%M}")


def beyond(known: Sequence[Calibration]) -> Iterator[Finding]:
    """Give those whose result is beyond the limits of §3.1 and §4.3."""
    for one in known:
        if one.passed is False:
            yield _of(one, "calibration failed")


def too_often(known: Sequence[Calibration], limits: Thresholds) -> Iterator[Finding]:
    """Give the days of a factor with more calibrations than usual; near ones are one."""
    days: dict[tuple[str, datetime.date], list[Calibration]] = {}
    for one in sorted(known, key=lambda one: one.start):
        day = datetime.datetime.fromtimestamp(one.start, _ZONE).date()
        same = days.setdefault((one.factor, day), [])
        if not same or one.start - same[-1].end > _SAME_S:
            same.append(one)
    for (factor, _), same in days.items():
        if len(same) > limits.calibrations_a_day:
            first, last = same[0], same[-1]
            count = len(same)
            yield Finding("AF-11", "repeated", factor, first.start, last.end, count)


def shifted(course: Course, known: Sequence[Calibration], limits: Thresholds) -> Iterator[Finding]:
    """Give calibrations of a continuous factor with another level after it than before it.

    The means of the two hours on either side differ by more than `shift` of the one before, and
    by more than what is noise on this range. It may be right so: that is what calibrating is for.
    """
    if course.span is None:
        return
    for one in known:
        if one.factor != course.factor:
            continue
        before = _between(course.points, one.start - _BESIDE_S, one.start)
        after = _between(course.points, one.end, one.end + _BESIDE_S)
        if min(len(before), len(after)) < _LEAST:
            continue
        was, now = fmean(p.value for p in before), fmean(p.value for p in after)
        noise = limits.least_step * course.span
        if abs(now - was) > max(limits.shift * abs(was), noise):
            points = [*before, *after]
            yield found("AF-11", "shift after calibration", course, points, before=was, after=now)


def _of(one: Calibration, cause: str, **figures: float | str) -> Finding:
    said: dict[str, float | str] = {"channel": one.channel, **figures}
    return Finding("AF-11", cause, one.factor, one.start, max(one.end, one.start), 1, said)


def _between(points: Sequence[Point], start: float, end: float) -> list[Point]:
    return [one for one in points if start <= one.at < end]


def _apart(second: int, other: int) -> int:
    off = abs(second - other) % 86_400
    return min(off, 86_400 - off)
