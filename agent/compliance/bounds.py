"""Limit sets: which bound of a factor holds on a day, and where it comes from (CMP-07)."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from protocols.hj212.times import BEIJING_OFFSET_S

Averaging = Literal["value", "hour", "day", "test", "5min"]
"""What is judged: each value, the hour's mean, the day's; a test's mean only by laboratories."""


class Rank(enum.IntEnum):
    """Which source goes before which: the permit, then the local standard, then the national."""

    PERMIT = 0
    LOCAL = 1
    NATIONAL = 2


@dataclass(frozen=True, slots=True)
class Condition:
    """A bound that holds only while another factor is at most so much (CMP-04)."""

    factor: str
    at_most: float


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound of one factor in its wire unit, with its source.

    `since` and `until` are local days, `until` the last it holds; None is open. Season limits are
    several bounds with both. `oxygen` is the reference it is stated at, in percent.
    """

    factor: str
    averaging: Averaging
    high: float | None = None
    low: float | None = None
    rank: Rank = Rank.NATIONAL
    since: datetime.date | None = None
    until: datetime.date | None = None
    standard: str = ""
    table: str = ""
    klass: str = ""
    oxygen: float | None = None
    condition: Condition | None = None

    def holds(self, day: datetime.date, beside: Mapping[str, float | None]) -> bool:
        """Say whether it holds on a local day, with these values of the same period beside it."""
        if self.since is not None and day < self.since:
            return False
        if self.until is not None and day > self.until:
            return False
        if self.condition is None:
            return True
        value = beside.get(self.condition.factor)
        return value is not None and value <= self.condition.at_most


def bound_in_force(
    bounds: Iterable[Bound],
    factor: str,
    averaging: Averaging,
    *,
    at: float,
    beside: Mapping[str, float | None] | None = None,
) -> Bound | None:
    """Give the bound that holds at an instant; None where none is set.

    The source first, then the bound with a condition that is met, then the one that began last; of
    equals the first listed. An unknown neighbour meets no condition.
    """
    day = datetime.datetime.fromtimestamp(at + BEIJING_OFFSET_S, datetime.UTC).date()
    held = [
        one
        for one in bounds
        if (one.factor, one.averaging) == (factor, averaging) and one.holds(day, beside or {})
    ]
    return min(held, key=_order, default=None)


def _order(one: Bound) -> tuple[int, bool, int]:
    since = one.since or datetime.date.min
    return (one.rank, one.condition is None, -since.toordinal())
