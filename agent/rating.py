"""Transmission and validity rates of an outlet-day out of the store (domain rules §8).

Immediate: as it was sent. Completed: after marks, with what they excuse.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.compliance import CHECKED, Group, Rates, excuse_check, rates
from agent.model import Cause, Kind, Mark, MarkKind, Period, Statistic
from agent.plan import OutletPlan, StationPlan
from agent.report import PERIOD_CN
from agent.store import checks, columns, marks, statistics
from agent.store.series import Names

STOP = "停运"
_DELIVERED = (
    "SELECT 1 FROM deliveries WHERE station = ? AND cn = ? AND start = ? AND st = ?"
    " AND state IN ('accepted', 'unconfirmed') LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class DayRates:
    """Both rates of one outlet-day at one station."""

    immediate: Rates
    completed: Rates


def rates_of_day(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    station: StationPlan,
    day: Period,
    *,
    names: Names,
) -> DayRates:
    """Give the rates of a day's closed hours; a group is one hour of the outlet.

    A group is valid when every factor due in it is (I); in an hour of measured zero flow only the
    flow itself is due (WAT-24). One hour of automatic standard check is
    excused in both; a confirmed stop, and what was not the unit's fault, in the completed one.
    """
    checked = {
        Period.holding(Kind.HOUR, one.start).start
        for one in checks.between(connection, day.start, day.end, outlet=outlet.id)
        if one.kind == "standard" and one.factor in CHECKED
    }
    said = marks.between(connection, day.start, day.end, outlet=outlet.id)
    now_groups, then_groups = [], []
    first = Period(Kind.HOUR, day.start)
    hours = statistics.between(connection, first, day.end, outlet.id, names, first_only=False)
    rows_by_hour: dict[int, list[Statistic]] = {}
    for row in _due(outlet, hours):
        if station.wants(row.factor):
            rows_by_hour.setdefault(row.period.start, []).append(row)
    for start, rows in sorted(rows_by_hour.items()):
        wanted = (station.id, PERIOD_CN[Kind.HOUR], start, outlet.st)
        sent = connection.execute(_DELIVERED, wanted).fetchone() is not None
        now_groups.append(_group(rows, sent=sent))
        after = [columns.of(connection, "marks", row, names=names) or row for row in rows]
        excuse = _excuse(said, Period(Kind.HOUR, start))
        then_groups.append(_group(after, sent=sent, received=rows, excused=excuse))
    return DayRates(
        rates(excuse_check(now_groups, checked)), rates(excuse_check(then_groups, checked))
    )


def _due(outlet: OutletPlan, rows: Sequence[Statistic]) -> Iterator[Statistic]:
    """Give what was due: not what has no hour this time, nor water that did not flow (WAT-24)."""
    flows = {row.period.start: row for row in rows if row.factor == outlet.flow}
    for row in rows:
        one = outlet.factors.get(row.factor)
        flow = flows.get(row.period.start)
        dry = (
            one is not None
            and outlet.medium == "water"
            and not one.period.is_flow
            and one.period.no_discharge(flow)
        )
        if not dry and (row.due > 0 or row.cause is not Cause.NORMAL):
            yield row


def _group(
    rows: Sequence[Statistic],
    *,
    sent: bool,
    received: Sequence[Statistic] | None = None,
    excused: str = "",
) -> Group:
    told = {row.factor for row in (received or rows) if row.avg is not None}
    count = sum(1 for row in rows if row.factor in told) if sent else 0
    start = rows[0].period.start
    return Group(start, len(rows), count, valid=all(row.valid for row in rows), excused=excused)


def _excuse(said: Sequence[Mark], hour: Period) -> str:
    """Give the mark of the whole outlet that excuses an hour: more than 15 minutes of it."""
    for mark in said:
        if mark.factor is not None:
            continue
        stop = mark.kind is MarkKind.CONDITION and mark.code == STOP
        if not stop and mark.kind is not MarkKind.NO_FAULT:
            continue
        if min(mark.end, hour.end) - max(mark.start, hour.start) > 15 * 60:
            return mark.code
    return ""
