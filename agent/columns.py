"""Keeps the second and third column of closed periods as the marks have them (STAT-13)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from agent import stats
from agent.making import make_column
from agent.model import Kind, Mark, Period
from agent.plan import OutletPlan
from agent.stats import Column
from agent.store import columns, statistics
from agent.store.series import Names

KINDS = (Kind.HOUR, Kind.DAY, Kind.MONTH)


def remake(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    start: float,
    end: float,
    *,
    marks: Sequence[Mark],
    names: Names,
) -> int:
    """Make the columns of every closed hour, day and month that [start, end) touches.

    `marks` are all that are in force in the months concerned, not only those that changed: a
    column is made anew of the minutes, so that one mark more or less leaves no trace of itself.
    Gives how many periods were looked at.
    """
    looked = 0
    for period in _periods(start, end):
        if not statistics.exists(connection, period, outlet=outlet.id, names=names):
            continue
        looked += 1
        renew(connection, outlet, period, marks=marks, names=names)
    return looked


def renew(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    period: Period,
    *,
    marks: Sequence[Mark],
    names: Names,
) -> None:
    """Make the columns of one closed period; without a mark that touches it there are none."""
    touched = stats.touching(marks, period, outlet=outlet.id)
    for column in (Column.MARKS, Column.EXEMPTIONS):
        columns.drop(connection, column.value, period, outlet=outlet.id, names=names)
        if touched:
            rows = make_column(connection, outlet, period, column, marks=marks, names=names)
            columns.put(connection, column.value, rows, names=names)


def _periods(start: float, end: float) -> Iterator[Period]:
    for kind in KINDS:
        period = Period.holding(kind, start)
        while period.start < end:
            yield period
            period = period.next()
