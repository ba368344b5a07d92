"""Limits: which one is in force, and whether a value is beyond it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from protocols.hj212.times import BEIJING_OFFSET_S

On = Literal["measurement", "hour", "day"]
Rank = Literal["permit", "local", "national"]
_RANKS: tuple[Rank, ...] = ("permit", "local", "national")


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of one factor, in its wire unit.

    `since` is the first local day it holds, None: always held. `rows`: how many values in a row
    must be beyond it before that is an exceedance. `retain`: an exceedance keeps a bottle.
    `until` is the last local day it holds; `rank` where it comes from, the permit first (CMP-07).
    `colder`: it holds only at a water temperature up to this many degC (CMP-04).
    """

    high: float | None = None
    low: float | None = None
    on: On = "hour"
    since: datetime.date | None = None
    rows: int = 1
    retain: bool = False
    source: str = ""
    until: datetime.date | None = None
    rank: Rank = "national"
    colder: float | None = None


def in_force(
    limits: Iterable[Limit], on: On, *, at: float, temperature: float | None = None
) -> Limit | None:
    """Give the limit that holds for values `on` at that instant (CMP-07).

    The permit's before the local before the national one; of one rank that for cold water where
    it is cold, then the one that began last, then the first listed. An unknown `temperature` of
    the water is not cold.
    """
    today = datetime.datetime.fromtimestamp(at + BEIJING_OFFSET_S, datetime.UTC).date()
    held = [limit for limit in limits if limit.on == on and _holds(limit, today, temperature)]
    return min(held, key=_order, default=None)


def of_period(
    limits: Sequence[Limit],
    length: Literal["hour", "day"],
    *,
    at: float,
    batch: bool,
    temperature: float | None = None,
) -> Limit | None:
    """Give the limit of an hour or a day; an hour of a batch analyzer is its measurement."""
    limit = in_force(limits, length, at=at, temperature=temperature)
    if limit is None and length == "hour" and batch:
        return in_force(limits, "measurement", at=at, temperature=temperature)
    return limit


def _holds(limit: Limit, day: datetime.date, temperature: float | None) -> bool:
    begun = (limit.since or datetime.date.min) <= day <= (limit.until or datetime.date.max)
    if limit.colder is None:
        return begun
    return begun and temperature is not None and temperature <= limit.colder


def _order(limit: Limit) -> tuple[int, bool, int]:
    since = limit.since or datetime.date.min
    return (_RANKS.index(limit.rank), limit.colder is None, -since.toordinal())


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
