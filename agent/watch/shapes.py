"""What comes a second time though nothing in nature does (AF-06)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import StatisticsError, correlation

from agent.watch.finding import Course, Finding, Point, Thresholds, found

DAY_S = 86_400
_LEAST_HOURS = 18
"""Hours two days must have in common to be compared."""


def repeated(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Give stretches whose printed values stood in the same order earlier in the course.

    So many values in a row, with so many different ones among them, do not come twice by chance.
    Only the later stretch is given, with how long before it the same was seen.
    """
    length = limits.repeat_min
    texts = [f"{one.value:.{course.digits}f}" for one in course.points]
    seen: dict[tuple[str, ...], int] = {}
    group: list[Point] = []
    lag_s = 0.0
    for end in range(length, len(texts) + 1):
        block = tuple(texts[end - length : end])
        points = course.points[end - length : end]
        earlier = None
        whole = points[-1].at - points[0].at <= (length + 1) * course.step_s
        if whole and len(set(block)) >= limits.repeat_values:
            earlier = seen.setdefault(block, end)
        if earlier is not None and end - earlier >= length:
            if not group:
                lag_s = points[-1].at - course.points[earlier - 1].at
            group += points if not group else points[-1:]
        elif group and points[0].at > group[-1].at:
            yield found("AF-06", "repeated", course, group, lag_s=lag_s)
            group = []
    if group:
        yield found("AF-06", "repeated", course, group, lag_s=lag_s)


def same_day(course: Course, limits: Thresholds, *, now: float) -> Iterator[Finding]:
    """Give the last 24 hours where they are those of an earlier day. `course` holds hours.

    Either nearly every printed hour is the same, or the two courses go alike to the thousandth.
    """
    hours = {one.at: one.value for one in course.points}
    today = [one for one in course.points if now - DAY_S <= one.at < now]
    if len({f"{one.value:.{course.digits}f}" for one in today}) < limits.repeat_values:
        return  # what stands still is AF-01
    for day in range(1, limits.shape_days + 1):
        both = [one for one in today if one.at - day * DAY_S in hours]
        if len(both) < _LEAST_HOURS:
            continue
        then = [hours[one.at - day * DAY_S] for one in both]
        equal = sum(
            f"{one.value:.{course.digits}f}" == f"{old:.{course.digits}f}"
            for one, old in zip(both, then, strict=True)
        ) / len(both)
        if equal >= limits.shape_equal:
            yield found("AF-06", "day repeated", course, both, days_before=day, equal=equal)
            return
        likeness = alike([one.value for one in both], then)
        if likeness is not None and likeness >= limits.shape_alike:
            yield found("AF-06", "day alike", course, both, days_before=day, likeness=likeness)
            return


def side_by_side(
    course: Course, other: Course, limits: Thresholds, *, outlet: str, least: int
) -> Iterator[Finding]:
    """Give a factor that moves with that of another outlet, over `least` points or more."""
    there = {one.at: one.value for one in other.points}
    both = [one for one in course.points if one.at in there]
    if len(both) < least:
        return
    likeness = alike([one.value for one in both], [there[one.at] for one in both])
    if likeness is not None and likeness >= limits.alike:
        yield found("AF-06", f"alike {outlet}", course, both, likeness=likeness)


def alike(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Give Pearson's correlation of two courses; None where one of them stands still."""
    try:
        return correlation(one, other)
    except StatisticsError:
        return None
