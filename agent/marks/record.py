"""A mark as it is kept: with its factors, its channel, who said so and why."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from agent.model import Mark, MarkKind, MarkState

MINUTE_S = 60


class Channel(enum.StrEnum):
    """Where a mark comes from: from the flags of this logger, or from a person (MARK-01)."""

    AUTO = "auto"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Record:
    """One mark of one span on one or several factors; on all of the outlet where none is named.

    `start` and `end` are UTC epoch seconds of whole minutes, `end` exclusive; `last` is what files
    and pages show (MARK-03). `facility` is the furnace, kiln or unit of a condition. `proof` names
    the attachment. `evidence` and `objections` are what spoke for and against it, in words.
    """

    outlet: str
    factors: tuple[str, ...]
    kind: MarkKind
    code: str
    start: int
    end: int
    channel: Channel = Channel.MANUAL
    state: MarkState = MarkState.PROPOSED
    facility: str = ""
    reason: str = ""
    proof: str = ""
    evidence: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """The last marked minute: 14:43-14:51 is nine minutes."""
        return self.end - MINUTE_S

    @property
    def minutes(self) -> int:
        """How many minutes it covers."""
        return (self.end - self.start) // MINUTE_S

    @property
    def ref(self) -> str:
        """What makes two of them the same: proposed twice it is still one."""
        what = ";".join(self.factors) or "*"
        where = f"{self.outlet}/{self.facility}" if self.facility else self.outlet
        span = f"{self.start}-{self.end}"
        return f"{self.channel}:{where}:{what}:{self.kind}:{self.code}:{span}"

    def concerns(self, factor: str) -> bool:
        """Say whether it speaks of a factor."""
        return not self.factors or factor in self.factors

    def marks(self) -> Iterator[Mark]:
        """Give it factor by factor, as the statistics want it."""
        for factor in self.factors or (None,):
            yield Mark(self.outlet, factor, self.kind, self.code, self.start, self.end, self.state)


def whole_minutes(start: float, end: float) -> tuple[int, int]:
    """Give the whole minutes that a span touches; `end` is exclusive."""
    first = int(start // MINUTE_S) * MINUTE_S
    return first, max(first + MINUTE_S, -int(-end // MINUTE_S) * MINUTE_S)
