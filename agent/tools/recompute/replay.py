"""Samples in the order of time become periods; who waits for what, and what a silence is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.model import Kind, Mark, Period, Sample
from agent.periods import OUTAGE_S
from agent.plan import OutletPlan
from agent.tools.recompute.course import KINDS, Course, Recomputed

HELD = 4096
"""Results that may wait for the next thing heard."""


def replay(
    outlets: Iterable[OutletPlan], samples: Iterable[Sample], *, marks: Sequence[Mark] = ()
) -> Iterator[Recomputed]:
    """Give every period that the samples reach into, shorter ones before what they are part of.

    `samples` are in the order of time. Minutes of a long silence are left out, as the daemon
    leaves them out; their hours and days are there. A result of a batch analyzer stands at its
    time of sampling, at which nothing need have been heard: it breaks no silence.
    """
    courses = {outlet.id: Course(outlet, marks) for outlet in outlets}
    held: deque[Sample] = deque()
    minute: int | None = None
    for sample in samples:
        start = int(sample.at // 60) * 60
        minute = start if minute is None else minute
        if courses[sample.outlet].is_result(sample) and len(held) < HELD:
            held.append(sample)
            continue
        yield from _pass(courses, minute, start, held)
        minute = start
        courses[sample.outlet].take(sample)
    if minute is not None:
        last = int(held[-1].at // 60) * 60 if held else minute
        yield from _pass(courses, minute, last, held)
        yield from _end(courses.values(), last)


def _pass(
    courses: Mapping[str, Course], minute: int, until: int, held: deque[Sample]
) -> Iterator[Recomputed]:
    """Close the present minute and everything up to another, taking the results on the way."""
    silent = until - (minute + 60) >= OUTAGE_S + 60
    for at in range(minute, until, 60):
        _take_held(courses, held, at + 60)
        for course in courses.values():
            if at == minute or not silent:
                yield from course.close(Period(Kind.MINUTE, at))
            yield from _longer(course, at + 60)
    _take_held(courses, held, until + 60)


def _take_held(courses: Mapping[str, Course], held: deque[Sample], before: int) -> None:
    while held and held[0].at < before:
        sample = held.popleft()
        courses[sample.outlet].take(sample)


def _longer(course: Course, end: int) -> Iterator[Recomputed]:
    """Close what ends at that instant."""
    for kind in KINDS[1:]:
        period = Period.holding(kind, end - 1)
        if period.end != end:
            return
        yield from course.close(period)


def _end(courses: Iterable[Course], minute: int) -> Iterator[Recomputed]:
    """Close what the last sample is in, as it stands."""
    for course in courses:
        yield from course.close(Period(Kind.MINUTE, minute))
        for kind in KINDS[1:]:
            yield from course.close(Period.holding(kind, minute))
