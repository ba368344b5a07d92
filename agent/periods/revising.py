"""Revisions of closed periods whose results came late, and the other columns of marked ones."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent import columns
from agent.exceedance import judge_hours
from agent.making import make_statistics
from agent.model import Kind, Period
from agent.periods.owing import Owing
from agent.plan import OutletPlan, Plan
from agent.store import cursors, marks, measurements, statistics
from agent.store.series import Names

LATE_CURSOR = "late results"


@dataclass(frozen=True, slots=True)
class Revising:
    """Revises at `now`, in the open transaction."""

    connection: sqlite3.Connection
    plan: Plan
    names: Names
    now: float

    def revise_late(self) -> list[str]:
        """Make revisions of hours that were closed before a result of theirs came in."""
        last = cursors.get(self.connection, LATE_CURSOR) or 0
        revised = []
        for number, outlet_id, factor, sampled_at in measurements.arrived_after(
            self.connection, last, names=self.names
        ):
            cursors.put(self.connection, LATE_CURSOR, number)
            outlet = self.plan.outlets.get(outlet_id)
            if outlet is None or factor not in outlet.factors:
                continue
            for kind in (Kind.HOUR, Kind.DAY, Kind.MONTH):
                period = Period.holding(kind, sampled_at)
                if self._revise(outlet, factor, period):
                    revised.append("revision")
        return revised

    def _revise(
        self,
        outlet: OutletPlan,
        factor: str,
        period: Period,
    ) -> bool:
        """Put a revision beside a closed row; what was reported stays as it was."""
        before = statistics.of(self.connection, period, outlet=outlet.id, names=self.names).get(
            factor
        )
        if before is None:
            return False
        rows = make_statistics(self.connection, outlet, period, names=self.names)
        after = next(row for row in rows if row.factor == factor)
        revised = statistics.revise(self.connection, before, after, names=self.names, now=self.now)
        if revised:
            renew_columns(self.connection, outlet, period, names=self.names)
            if period.kind in (Kind.HOUR, Kind.DAY):
                judge_hours(
                    self.connection, self.plan, self.names, [after], now=self.now, beside=rows
                )
            owing = Owing(self.connection, self.plan, self.names, self.now)
            owing.owe(outlet, period, revised=True)
        return revised


def renew_columns(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, *, names: Names
) -> None:
    """Make the other columns of a period that is marked already when it closes (STAT-13)."""
    if period.kind not in columns.KINDS:
        return
    found = marks.between(connection, period.start, period.end, outlet=outlet.id)
    if found:
        columns.renew(connection, outlet, period, marks=found, names=names)
