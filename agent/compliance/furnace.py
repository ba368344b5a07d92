"""Furnace temperature of waste incineration: five-minute means of a day (Order 10 art. 7, K)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.marks.record import Record
from agent.model import MarkKind, MarkState

LEAST_C = 850.0
BREACH_PERCENT = 120
"""How a breach is told beside the warnings at 80 and 100 %: the sixth of five."""
ALLOWED = 5
"""So many means below it in one day are no breach; one more is."""
FIVE_MIN_S = 300
EXCUSED = "热电偶故障"


@dataclass(frozen=True, slots=True)
class FurnaceDay:
    """How often the furnace was too cold on one local day, in normal running."""

    below: tuple[int, ...]
    excused: tuple[int, ...]
    missing: int
    allowed: int = ALLOWED

    @property
    def breach(self) -> bool:
        """Whether it was so more often than is allowed: more than five times."""
        return len(self.below) > self.allowed


def furnace_day(
    means: Iterable[tuple[int, float | None]],
    marks: Sequence[Record] = (),
    *,
    least_c: float = LEAST_C,
    allowed: int = ALLOWED,
) -> FurnaceDay:
    """Count the five-minute means of one day below 850 degC; 850 itself is not (T-M2…M4).

    `means` are (start, mean of the thermocouples). Where a confirmed condition or a thermocouple
    fault touches the five minutes they do not count: unmarked means normal running.
    """
    below: list[int] = []
    excused: list[int] = []
    missing = 0
    for start, mean in sorted(means, key=lambda one: one[0]):
        if mean is None:
            missing += 1
        elif mean < least_c:
            (excused if any(_excuses(one, start) for one in marks) else below).append(start)
    return FurnaceDay(tuple(below), tuple(excused), missing, allowed)


def reached(below: int, allowed: int = ALLOWED) -> tuple[int, ...]:
    """Give the levels of a day's quota that are reached: 80 and 100 percent, and the breach."""
    levels = [
        percent
        for percent in (80, 100)
        if allowed and below >= max(1, math.ceil(allowed * percent / 100))
    ]
    return (*levels, BREACH_PERCENT) if below > allowed else tuple(levels)


def _excuses(mark: Record, start: int) -> bool:
    if mark.state is not MarkState.CONFIRMED:
        return False
    if mark.kind is not MarkKind.CONDITION and mark.code != EXCUSED:
        return False
    return mark.start < start + FIVE_MIN_S and mark.end > start
