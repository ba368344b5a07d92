"""Limits: which one is in force, and whether a value is beyond it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from protocols.hj212.times import BEIJING_OFFSET_S

On = Literal["measurement", "hour"]


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of one factor, in its wire unit.

    `since` is the first local day it holds, None: always held. `rows`: how many values in a row
    must be beyond it before that is an exceedance. `retain`: an exceedance keeps a bottle.
    """

    high: float | None = None
    low: float | None = None
    on: On = "hour"
    since: datetime.date | None = None
    rows: int = 1
    retain: bool = False
    source: str = ""


def in_force(limits: Iterable[Limit], on: On, *, at: float) -> Limit | None:
    """Give the limit that holds for values `on` at that instant: the one that began last (CMP-07).

    Of two that began on the same day the first listed holds.
    """
    today = datetime.datetime.fromtimestamp(at + BEIJING_OFFSET_S, datetime.UTC).date()
    begun = [
        limit for limit in limits if limit.on == on and (limit.since or datetime.date.min) <= today
    ]
    return max(begun, key=lambda limit: limit.since or datetime.date.min, default=None)


def exceeds(limit: Limit, value: float) -> bool:
    """Say whether a value is beyond the limit. A value equal to it is not (CMP-05)."""
    return bound_broken(limit, value) is not None


def bound_broken(limit: Limit, value: float) -> float | None:
    """Give the bound a value is beyond; None where it is within."""
    if limit.high is not None and value > limit.high:
        return limit.high
    if limit.low is not None and value < limit.low:
        return limit.low
    return None


def multiple_over(limit: Limit, value: float) -> float | None:
    """Give by how many times the upper limit a value exceeds it; None where it has none (CMP-05).

    62 against 50 is 0.24. A lower bound (pH) has no multiple.
    """
    if limit.high is None or limit.high <= 0 or value <= limit.high:
        return None
    return (value - limit.high) / limit.high
