"""Jumps of a value that no change of condition explains (AF-05)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from agent.watch.finding import Course, Finding, Point, Thresholds, found

DAY_S = 86_400
_NEAR_S = 600
"""How near to a jump a change of condition must be to explain it."""
_SAMPLE = 12
"""Points before a jump that are needed to say what was usual."""


def steps(course: Course, limits: Thresholds, changes: Sequence[float]) -> Iterator[Finding]:
    """Give jumps of more than five sigmas of the last 24 h, or threefold within 5 min (AF-05).

    `changes` are the moments at which a condition or the flag of the factor began or ended. A jump
    smaller than `least_step` of the range is noise, whatever the quiet before it.
    """
    if course.span is None:
        return
    least = limits.least_step * course.span
    past = _Past()
    recent: deque[Point] = deque()
    before: Point | None = None
    for one in course.points:
        past.forget(one.at - DAY_S)
        while recent and one.at - recent[0].at > limits.times_min * 60:
            recent.popleft()
        if before is not None and one.at - before.at <= course.gap_s:
            jump = _jump(one, before, past, recent, limits, least)
            if jump is not None and not _explained(before.at, one.at, changes):
                cause, figures = jump
                yield found("AF-05", cause, course, [before, one], **figures)
        past.add(one)
        recent.append(one)
        before = one


def _jump(
    one: Point,
    before: Point,
    past: _Past,
    recent: Sequence[Point],
    limits: Thresholds,
    least: float,
) -> tuple[str, dict[str, float]] | None:
    change = one.value - before.value
    if abs(change) >= least and past.count >= _SAMPLE and abs(change) > limits.sigmas * past.sigma:
        return "sigma", {"change": change, "sigma": past.sigma}
    for old in recent:
        low, high = sorted((abs(old.value), abs(one.value)))
        if high - low >= least and low > 0 and high >= limits.times * low:
            return "times", {"from": old.value, "to": one.value, "seconds": one.at - old.at}
    return None


def _explained(start: float, end: float, changes: Sequence[float]) -> bool:
    return any(start - _NEAR_S <= at <= end + _NEAR_S for at in changes)


class _Past:
    """Mean and spread of the last 24 h, kept as sums of what is off the first value."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque()
        self._shift = self._sum = self._squares = 0.0

    @property
    def count(self) -> int:
        return len(self._points)

    @property
    def sigma(self) -> float:
        """The standard deviation; 0 for fewer than two points."""
        count = len(self._points)
        if count < 2:
            return 0.0
        variance = (self._squares - self._sum * self._sum / count) / (count - 1)
        return float(max(0.0, variance) ** 0.5)

    def add(self, one: Point) -> None:
        if not self._points:
            self._shift, self._sum, self._squares = one.value, 0.0, 0.0
        self._points.append(one)
        off = one.value - self._shift
        self._sum += off
        self._squares += off * off

    def forget(self, before: float) -> None:
        while self._points and self._points[0].at < before:
            off = self._points.popleft().value - self._shift
            self._sum -= off
            self._squares -= off * off
