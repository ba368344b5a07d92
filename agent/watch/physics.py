"""Values that cannot stand beside each other (AF-07)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import pvariance

from agent.gas import NotComputable, oxygen_factor
from agent.watch.finding import Course, Finding, Point, Thresholds, found

PH, PM, OXYGEN = "w01001", "a34013", "a19001"
_PARTS: tuple[tuple[str, str, str], ...] = (
    ("w21003", "w21001", "ammonia over total nitrogen"),
    ("w01017", "w01018", "BOD over COD"),
)
"""Factors of which the first is a part of the second."""
_HOUR_S = 3600.0
_MOST_OF_A_DAY_S = 0.9 * 86_400


def parts(courses: Mapping[str, Course]) -> Iterator[Finding]:
    """Give the moments at which a part is more than its whole."""
    for part, whole, cause in _PARTS:
        if part not in courses or whole not in courses:
            continue
        wholes = {one.at: one.value for one in courses[whole].points}
        over = [one for one in courses[part].points if one.value > wholes.get(one.at, one.value)]
        if over:
            last = over[-1]
            yield found("AF-07", cause, courses[part], over, part=last.value, whole=wholes[last.at])


def acidity(courses: Mapping[str, Course], limits: Thresholds) -> Iterator[Finding]:
    """Give a pH that stays too still over a day, or moves too far within an hour."""
    course = courses.get(PH)
    if course is None:
        return
    flowing = [one for one in course.points if one.discharging]
    if flowing and flowing[-1].at - flowing[0].at + course.step_s >= _MOST_OF_A_DAY_S:
        variance = pvariance([one.value for one in flowing])
        if variance < limits.ph_variance:
            yield found("AF-07", "pH too still", course, flowing, variance=variance)
    hours: dict[int, list[Point]] = {}
    for one in flowing:
        hours.setdefault(int(one.at // _HOUR_S), []).append(one)
    for hour in hours.values():
        values = [one.value for one in hour]
        change = max(values) - min(values)
        if change > limits.ph_change:
            yield found("AF-07", "pH too restless", course, hour, change=change)


def dust_in_air(courses: Mapping[str, Course], limits: Thresholds) -> Iterator[Finding]:
    """Give the moments with the oxygen of air and yet dust over its limit."""
    dust, oxygen = courses.get(PM), courses.get(OXYGEN)
    if dust is None or oxygen is None or dust.limit is None:
        return
    air = {one.at for one in oxygen.points if one.value >= limits.oxygen_high}
    both = [one for one in dust.points if one.at in air and one.value > dust.limit]
    if both:
        yield found("AF-07", "dust in air", dust, both, oxygen=limits.oxygen_high)


def corrected(
    course: Course,
    zs: Mapping[float, float],
    oxygen: Mapping[float, float],
    limits: Thresholds,
    *,
    reference: float,
    intake: float = 21.0,
) -> Iterator[Finding]:
    """Give the moments at which a corrected value is not what value and oxygen give.

    `zs` and `oxygen` (dry, percent) by the time of the points; `reference` in percent.
    """
    off = []
    for one in course.points:
        if one.at not in zs or one.at not in oxygen or one.value <= 0:
            continue
        try:
            again = one.value * oxygen_factor(oxygen[one.at], reference=reference, intake=intake)
        except NotComputable:
            continue
        if abs(zs[one.at] - again) > limits.corrected_differs * abs(again):
            off.append((one, again))
    if off:
        last, again = off[-1]
        points = [one for one, _ in off]
        yield found("AF-07", "corrected", course, points, corrected=zs[last.at], again=again)
