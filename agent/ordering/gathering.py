"""What the store says of an interval that a supervision order is about (SUP-06). Reads only."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.model import Cause, Kind, Period, Statistic
from agent.plan import FactorPlan, OutletPlan, Plan
from agent.report import letter
from agent.rules import in_force
from agent.rules.limits import Limit, bound_broken, multiple_over
from agent.store import actions, checks, events, marks, statistics
from agent.store.checks import CheckRecord
from agent.store.events import Event
from agent.store.marks import Kept
from agent.store.series import Names

LONGEST_S = 31 * 86_400
"""How much of an interval is looked through: its newest part."""
_TOLD = (
    "retention", "retention_blocked", "retention_failed", "retention_unknown", "door", "power",
    "maintenance", "parameter_range", "parameter", "clock", "exceedance", "run",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OverHour:
    """An hour beyond its limit. `multiple` is how many times over, None for a lower bound."""

    start: int
    value: float
    standard: float
    multiple: float | None
    valid: bool


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """One factor: its hours beyond the limit, and how many hours had which cause."""

    factor: str
    hours: int
    over: tuple[OverHour, ...]
    causes: tuple[tuple[Cause, str, int], ...]
    """Cause that is not normal, its letter on this platform's wire, hours."""
    limited: bool


@dataclass(frozen=True, slots=True)
class OutletFacts:
    """One outlet over the interval."""

    outlet: str
    factors: tuple[FactorFacts, ...]
    marks: tuple[Kept, ...]
    checks: tuple[CheckRecord, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """All of it: [start, end) as it was looked through. `cut`: the interval is longer."""

    start: int
    end: int
    cut: bool
    outlets: tuple[OutletFacts, ...]
    clips: int


def gather(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    *,
    station: str,
    outlet: str,
    start: int,
    end: int | None,
    now: float,
) -> Gathered:
    """Read what the store says of one outlet, or of all of a station, in [start, end)."""
    until = min(int(now) + 1, end if end is not None else int(now) + 1)
    begin = max(start, until - LONGEST_S)
    seen = plan.stations.get(station)
    outlets = [one for one in (seen.outlets if seen else ()) if outlet in ("", one.id)]
    happened = [one for one in events.between(connection, begin, until) if one.kind in _TOLD]
    return Gathered(
        begin,
        until,
        begin > start,
        tuple(
            OutletFacts(
                one.id,
                tuple(_factors(connection, plan, names, station, one, begin=begin, end=until)),
                tuple(marks.listed(connection, one.id, begin, until)),
                tuple(checks.between(connection, begin, until, outlet=one.id)),
                tuple(each for each in happened if each.outlet in ("", one.id)),
            )
            for one in outlets
        ),
        sum(
            1
            for one in actions.between(connection, begin, until)
            if one.kind == "clip" and one.state == "done"
        ),
    )


def _factors(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    station: str,
    outlet: OutletPlan,
    *,
    begin: int,
    end: int,
) -> Iterator[FactorFacts]:
    first = Period.holding(Kind.HOUR, begin)
    rows = statistics.between(connection, first, end, outlet.id, names)
    wording = plan.stations[station].wording
    for code, one in outlet.factors.items():
        mine = [row for row in rows if row.factor == code]
        counts = Counter(row.cause for row in mine if row.cause is not Cause.NORMAL)
        yield FactorFacts(
            code,
            len(mine),
            tuple(_over(one, mine)),
            tuple((cause, letter(wording, cause), n) for cause, n in counts.most_common()),
            bool(one.limits),
        )


def _over(one: FactorPlan, rows: Sequence[Statistic]) -> Iterator[OverHour]:
    for row in rows:
        value = row.zs_avg if one.corrected else row.avg
        limit = _limit(one, row.period.start)
        bound = None if limit is None or value is None else bound_broken(limit, value)
        if limit is None or value is None or bound is None:
            continue
        yield OverHour(row.period.start, value, bound, multiple_over(limit, value), row.valid)


def _limit(one: FactorPlan, at: int) -> Limit | None:
    """Give the limit an hour is held against; of a batch analyzer that of its results."""
    hourly = in_force(one.limits, "hour", at=at)
    return hourly or (in_force(one.limits, "measurement", at=at) if one.batch else None)
