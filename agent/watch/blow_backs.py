"""Whether an analyzer answers to the gas again after its line was blown back (AF-12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from agent.watch.finding import Course, Finding, Point, Thresholds, found
from agent.watch.spans import MINUTE_S, Span

_BEFORE_S = 600
"""The stretch before it that says what the level was."""
_LEAST = 3
"""Points that it needs."""


def unanswered(course: Course, blown: Sequence[Span], limits: Thresholds) -> Iterator[Finding]:
    """Give blow-backs after which no value came back to its level within `response_min`.

    Back is within `shift` of the mean of the ten minutes before, or within what is noise on this
    range (`least_step`). What was not measured up to the end of that time says nothing, nor does
    what was measured without discharge. It may be right so: the plant may have changed meanwhile.
    """
    if limits.response_min is None or course.span is None:
        return
    within_s, noise = limits.response_min * MINUTE_S, limits.least_step * course.span
    flowing = [one for one in course.points if one.discharging]
    for one in _joined(blown, within_s):
        # a minute that the blow-back began in is not of the level before
        before = _between(flowing, one.start - _BEFORE_S, one.start - course.step_s + 1e-6)
        after = _between(flowing, one.end, one.end + within_s)
        if len(before) < _LEAST or not after:
            continue
        if after[-1].at + 2.5 * course.step_s < one.end + within_s:
            continue
        level = fmean(point.value for point in before)
        most = max(limits.shift * abs(level), noise)
        if all(abs(point.value - level) > most for point in after):
            figures = {"before": level, "after": after[-1].value}
            cause = "no response after blow-back"
            yield found("AF-12", cause, course, [*before, *after], **figures)


def _joined(blown: Sequence[Span], within_s: float) -> list[Span]:
    """Give blow-backs, those as one that follow each other too soon for an answer between."""
    found: list[Span] = []
    for one in sorted(blown, key=lambda one: one.start):
        if found and one.start < found[-1].end + within_s:
            found[-1] = Span(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def _between(points: Sequence[Point], start: float, end: float) -> list[Point]:
    return [one for one in points if start <= one.at < end]
