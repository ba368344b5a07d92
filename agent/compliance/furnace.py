"""Furnace temperature of waste incineration: five-minute means of a day (Order 10 art. 7, K)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.marks.record import Record
from agent.model import MarkKind, MarkState

LEAST_C = 850.0
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

    @property
    def breach(self) -> bool:
        """Whether it was so more than five times."""
        return len(self.below) > ALLOWED


def furnace_day(
    means: Iterable[tuple[int, float | None]],
    marks: Sequence[Record] = (),
    *,
    least_c: float = LEAST_C,
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
    return FurnaceDay(tuple(below), tuple(excused), missing)


def _excuses(mark: Record, start: int) -> bool:
    if mark.state is not MarkState.CONFIRMED:
        return False
    if mark.kind is not MarkKind.CONDITION and mark.code != EXCUSED:
        return False
    return mark.start < start + FIVE_MIN_S and mark.end > start
