"""Volume by the meter's own counter, whatever happens to it: end less start, in m3."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

Reading = tuple[float, float]
"""When (UTC epoch seconds), and the counter in m3."""

REACH_S = 3600.0
"""A reading so long ago still tells what flowed since; across a longer silence nothing is told."""
COUNTER = "counter"
"""How the reason begins that tells of something out of the ordinary."""
_LEAST_S = 1.0


@dataclass(frozen=True, slots=True)
class CounterRule:
    """What a counter can do. `flow_max` m3/s is more than ever flows; `rollover` its size in m3."""

    flow_max: float
    rollover: float | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """The volume between readings; None where there were not two. `notes` tell what happened."""

    volume: float | None
    notes: tuple[str, ...] = ()


def counted(rule: CounterRule, readings: Sequence[Reading], *, before: Reading | None) -> Counted:
    """Give the volume up to the last reading, from the one before the period on.

    A counter that ran backwards a little says that water did: it counts against the rest. One
    that went over its end goes on; one that began anew counts from nothing; any other leap is an
    exchanged or re-set meter, and what flowed meanwhile is not known and not counted.
    """
    course = sorted(readings)
    if before is not None and course and course[0][0] - before[0] <= REACH_S:
        course.insert(0, before)
    if len(course) < 2:
        return Counted(None)
    total, notes, known = 0.0, [], False
    for (at, value), (then, after) in itertools.pairwise(course):
        step, note = _step(rule, value, after, seconds=max(then - at, _LEAST_S))
        if note:
            notes.append(f"{COUNTER} {note}: {value:g} -> {after:g} m3")
        if step is not None:
            total, known = total + step, True
    return Counted(total if known else None, tuple(notes))


def _step(
    rule: CounterRule, value: float, after: float, *, seconds: float
) -> tuple[float | None, str]:
    """Give what flowed between two readings, and what is to be said of it."""
    most = rule.flow_max * seconds
    step = after - value
    if 0 <= step <= most:
        return step, ""
    if -most <= step < 0:
        return step, "backwards"
    if rule.rollover is not None and 0 <= step + rule.rollover <= most:
        return step + rule.rollover, "over its end"
    if step < 0 and 0 <= after <= most:
        return after, "begun anew"
    return None, "exchanged"


def differs(counter: float, integral: float, *, share: float) -> bool:
    """Say whether two volumes of the same time are further apart than that share of the greater."""
    return abs(counter - integral) > share * max(abs(counter), abs(integral))
