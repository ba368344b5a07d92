"""What of a condition is really exempt: quotas per furnace and term (Order 10 art. 8)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.marks.record import MINUTE_S, Channel, Record
from agent.marks.table import Per, Quota
from agent.model import Kind, MarkKind, MarkState, Period
from protocols.hj212.times import BEIJING_OFFSET_S

LEVELS = (80, 100)
"""Percent of a quota at which somebody is warned."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How far a quota is used in one furnace-year or furnace-quarter that starts at `start`."""

    quota: str
    facility: str
    start: int
    used_min: int
    allowed_min: int | None
    reached: tuple[tuple[int, int], ...] = ()
    """(percent, the end of the minute in which that much was used up)."""


@dataclass(frozen=True, slots=True)
class Exempt:
    """What a quota comes to: the exempt stretches, and how far it is used in each of its terms."""

    records: tuple[Record, ...]
    usage: tuple[Usage, ...]


def exempt(
    quota: Quota,
    records: Iterable[Record],
    *,
    cap_hours: Mapping[int, float | None] | None = None,
) -> Exempt:
    """Give what a quota exempts of the confirmed marks of one facility, in the order of time.

    `cap_hours` are the hour means of the cap's factor by start of hour; an hour above the cap, or
    one that is not known where there is a cap, is not exempt (T-M5; the unknown hour is our own
    decision). Its marked minutes use the quota all the same, each minute once.
    """
    wanted = sorted(
        (one for one in records if _draws(quota, one)), key=lambda one: (one.start, one.end)
    )
    used: dict[int, list[int]] = {}
    stretches: list[Record] = []
    seen: set[int] = set()
    for one in wanted:
        free: list[int] = []
        limit = one.end
        if quota.each_h is not None and one.code in quota.each_codes:
            limit = min(one.end, one.start + int(quota.each_h * 3600))
        for minute in range(one.start, one.end, MINUTE_S):
            if minute in seen:
                continue
            seen.add(minute)
            term = used.setdefault(term_start(quota.per, minute), [])
            term.append(minute)
            inside = quota.hours is not None and len(term) <= quota.hours * 60
            judged = quota.kind is not MarkKind.CONDITION  # an instrument's hours are only counted
            if inside and not judged and minute < limit and _below_cap(quota, minute, cap_hours):
                free.append(minute)
        stretches += _stretches(quota, one, free)
    facility = wanted[0].facility if wanted else ""
    usage = tuple(_usage(quota, facility, start, minutes) for start, minutes in used.items())
    return Exempt(tuple(stretches), usage)


def term_start(per: Per, at: int) -> int:
    """Give the local start of the calendar year or quarter that holds an instant."""
    local = datetime.datetime.fromtimestamp(at + BEIJING_OFFSET_S, datetime.UTC)
    month = 1 if per == "year" else (local.month - 1) // 3 * 3 + 1
    first = datetime.datetime(local.year, month, 1, tzinfo=datetime.UTC)
    return int(first.timestamp()) - BEIJING_OFFSET_S


def _draws(quota: Quota, one: Record) -> bool:
    return one.state is MarkState.CONFIRMED and one.kind is quota.kind and one.code in quota.codes


def _below_cap(quota: Quota, minute: int, hours: Mapping[int, float | None] | None) -> bool:
    if quota.cap is None:
        return True
    mean = (hours or {}).get(Period.holding(Kind.HOUR, minute).start)
    return mean is not None and mean <= quota.cap


def _stretches(quota: Quota, one: Record, minutes: Sequence[int]) -> list[Record]:
    """Give runs of minutes as records, none of them across the end of a term."""
    found: list[Record] = []
    start = 0
    for number, minute in enumerate(minutes):
        if number == 0 or not _joined(quota, minutes[number - 1], minute):
            start = minute
        if number + 1 == len(minutes) or not _joined(quota, minute, minutes[number + 1]):
            found.append(
                Record(
                    one.outlet,
                    one.factors,
                    MarkKind.EXEMPTION,
                    one.code,
                    start,
                    minute + MINUTE_S,
                    channel=Channel.AUTO,
                    state=MarkState.CONFIRMED,
                    facility=one.facility,
                )
            )
    return found


def _joined(quota: Quota, one: int, other: int) -> bool:
    same = term_start(quota.per, one) == term_start(quota.per, other)
    return other == one + MINUTE_S and same


def _usage(quota: Quota, facility: str, start: int, minutes: Sequence[int]) -> Usage:
    if quota.hours is None:
        return Usage(quota.id, facility, start, len(minutes), None)
    allowed = int(quota.hours * 60)
    reached = []
    for percent in LEVELS:
        needed = max(1, -(-allowed * percent // 100))
        if len(minutes) >= needed:
            reached.append((percent, minutes[needed - 1] + MINUTE_S))
    return Usage(quota.id, facility, start, len(minutes), allowed, tuple(reached))
