"""Stretches in which a value does not behave as one that is measured (AF-01…04)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from agent.watch.finding import Course, Finding, Point, Thresholds, found

_LEAST = 4
"""Points that a stretch must have, whatever its length."""


def constant(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Give stretches of one printed value, and of a narrow band, while there is flow (AF-01)."""
    flowing = [one for one in course.points if one.discharging]
    previous: str | None = None

    def same(one: Point) -> str:
        return f"{one.value:.{course.digits}f}"

    group: list[Point] = []
    for one in [*flowing, None]:
        text = None if one is None else same(one)
        if group and (one is None or text != previous or _apart(course, group[-1], one)):
            if _long(course, group, limits.constant_h):
                yield found("AF-01", "constant", course, group, value=previous or "")
            group = []
        previous = text
        if one is not None:
            group.append(one)
    yield from _bands(course, flowing, limits)


def _bands(course: Course, flowing: Sequence[Point], limits: Thresholds) -> Iterator[Finding]:
    """Give the longest stretches whose spread is below a share of the range.

    A stretch of one value is not told twice: it has no spread at all.
    """
    if course.span is None:
        return
    width = limits.band * course.span
    window = _Window()
    for one in [*flowing, None]:
        breaks = one is None or window.breaks(course, one)
        if breaks or (one is not None and window.spread_with(one) >= width):
            if window.spread > 0 and _long(course, window.points, limits.band_h):
                stretch = list(window.points)
                yield found("AF-01", "band", course, stretch, spread=window.spread, allowed=width)
                window = _Window()
            elif breaks:
                window = _Window()
            while one is not None and window.points and window.spread_with(one) >= width:
                window.leave()
        if one is not None:
            window.enter(one)


class _Window:
    """Neighbouring points with the least and the greatest of them, each found at once."""

    def __init__(self) -> None:
        self.points: deque[Point] = deque()
        self._least: deque[Point] = deque()
        self._most: deque[Point] = deque()

    @property
    def spread(self) -> float:
        return self._most[0].value - self._least[0].value if self.points else 0.0

    def breaks(self, course: Course, one: Point) -> bool:
        return bool(self.points) and _apart(course, self.points[-1], one)

    def spread_with(self, one: Point) -> float:
        if not self.points:
            return 0.0
        return max(one.value, self._most[0].value) - min(one.value, self._least[0].value)

    def enter(self, one: Point) -> None:
        self.points.append(one)
        while self._least and self._least[-1].value > one.value:
            self._least.pop()
        self._least.append(one)
        while self._most and self._most[-1].value < one.value:
            self._most.pop()
        self._most.append(one)

    def leave(self) -> None:
        gone = self.points.popleft()
        for line in (self._least, self._most):
            if line[0] is gone:
                line.popleft()


def at_zero(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Give stretches at or below zero while there is flow (AF-02)."""
    for group in _groups(course, lambda one: one.discharging and one.value <= 0):
        if _long(course, group, limits.zero_h):
            yield found("AF-02", "zero", course, group)


def narrow(course: Course, limits: Thresholds, *, now: float) -> Iterator[Finding]:
    """Give the last days where they stay within a share of the range, or at detection (AF-03).

    `course` holds hours; three quarters of those days' hours must be there.
    """
    start = now - limits.narrow_days * 86_400
    points = [one for one in course.points if one.at >= start and one.discharging]
    if len(points) < 0.75 * limits.narrow_days * 86_400 / course.step_s:
        return
    values = [one.value for one in points]
    spread = max(values) - min(values)
    if course.span is not None and spread <= limits.narrow * course.span:
        allowed = limits.narrow * course.span
        yield found("AF-03", "narrow", course, points, spread=spread, allowed=allowed)
    if limits.detection is not None and max(values) <= limits.detection:
        yield found("AF-03", "detection", course, points, detection=limits.detection)


def truncated(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Give flat tops at the end of the range and long runs just below the limit (AF-04)."""
    high, span, limit = course.high, course.span, course.limit
    if high is not None and span is not None:
        for group in _groups(course, lambda one: one.value >= high - limits.top * span):
            if _long(course, group, limits.top_h):
                yield found("AF-04", "range", course, group, high=high)
    if limit is not None and limit > 0:
        edge = limit * (1 - limits.limit_band)
        for group in _groups(course, lambda one: edge <= one.value <= limit):
            if _long(course, group, limits.limit_h):
                yield found("AF-04", "limit", course, group, limit=limit, edge=edge)


def _groups(course: Course, holds: Callable[[Point], bool]) -> Iterator[list[Point]]:
    """Give the stretches of neighbours for which something holds."""
    group: list[Point] = []
    for one in course.points:
        if group and (not holds(one) or _apart(course, group[-1], one)):
            yield group
            group = []
        if holds(one):
            group.append(one)
    if group:
        yield group


def _apart(course: Course, before: Point, one: Point) -> bool:
    return one.at - before.at > course.gap_s


def _long(course: Course, group: Sequence[Point], hours: float) -> bool:
    if len(group) < min(_LEAST, round(hours * 3600 / course.step_s)):
        return False
    return group[-1].at + course.step_s - group[0].at >= hours * 3600
