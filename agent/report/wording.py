"""How a platform wants things said: cause to letter, and what becomes of a missing value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.model import Cause, Statistic
from protocols.hj212.editions import Edition

Absent = Literal["flag_only", "omit", "profile_sentinel"]
PeriodFlag = Literal["dominant", "d_if_below_75", "any_abnormal"]

GOOD_SHARE = 0.75
"""With this share of normal parts, 75 % included, a gas period is N (HJ 212-2017, C.16-C.18)."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a factor goes by on a wire: its code there, and its unit as a line from the kept one."""

    code: str
    factor: float = 1.0
    offset: float = 0.0

    def value(self, kept: float) -> float:
        """Give a value in the unit of the wire; the very same one where the units are the same."""
        if (self.factor, self.offset) == (1.0, 0.0):
            return kept
        return kept * self.factor + self.offset


@dataclass(frozen=True, slots=True)
class Wording:
    """The habits of one platform. `period_flag` by medium; the edition's own where it has none.

    `said` holds the factors that go by another code, or in another unit, than they are kept in.
    """

    edition: Edition
    absent: Absent = "flag_only"
    period_flag: Mapping[str, PeriodFlag] | None = None
    answer: bool = True
    shared_qn: bool = False
    """Whether the packets of one upload bear one request number (`split_qn`)."""
    said: Mapping[str, Spelling] = field(default_factory=dict)

    converted: frozenset[str] = frozenset()
    """Factors that have a value at reference oxygen."""

    def code(self, factor: str) -> str:
        """Give the code by which a factor goes on this wire."""
        spelling = self.said.get(factor)
        return factor if spelling is None else spelling.code

    def sentinel(self, factor: str) -> bool:
        """Say whether a converted value that cannot be computed is told by the type's largest."""
        wanted = self.absent == "profile_sentinel" and self.edition.largest_zs
        return wanted and factor in self.converted

    def rule(self, medium: str) -> str:
        """Give how a period of that medium finds its letter."""
        own = (self.period_flag or {}).get(medium)
        return own or self.edition.period_flag[medium]


def letter(wording: Wording, cause: Cause) -> str:
    """Give the data mark of a cause in this edition."""
    return wording.edition.letters[cause.value]


def period_letter(wording: Wording, medium: str, row: Statistic) -> str:
    """Give the data mark of a period (architecture §3.9). The letter only; validity stays."""
    match wording.rule(medium):
        case "any_abnormal":
            return letter(wording, row.abnormal)
        case "d_if_below_75":
            good = row.share >= GOOD_SHARE
            return letter(wording, Cause.NORMAL if good else Cause.FAULT)
        case _:
            return letter(wording, row.cause)
