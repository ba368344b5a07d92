"""Hands the rows of a period to the pure functions of `stats` and takes the statistics back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from agent import stats
from agent.model import Cause, Kind, Measurement, Period, Sample, Statistic
from agent.plan import FactorPlan, OutletPlan
from agent.store import measurements, samples, statistics
from agent.store.series import Names

_PARTS = {
    Kind.N_MINUTES: Kind.MINUTE,
    Kind.HOUR: Kind.MINUTE,
    Kind.DAY: Kind.HOUR,
    Kind.MONTH: Kind.DAY,
}


def make_statistics(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, *, names: Names
) -> list[Statistic]:
    """Make the statistics of every factor of an outlet for one period out of what is stored.

    What has no sample at all was not taken: the agent was not running, so its cause is POWER.
    """
    made: dict[str, Statistic] = {}
    parts = _parts(connection, outlet, period, names)
    taken = _samples(connection, outlet, period, names)
    for one in outlet.flow_first(period.kind):
        rows = stats.Rows(
            samples=taken.get(one.factor, ()),
            measurements=_results(connection, one, period, names),
            statistics=parts.get(one.factor, ()),
            flow=made.get(outlet.flow or ""),
            flow_statistics=parts.get(outlet.flow or "", ()),
            due=one.due_per_minute,
            slice_s=one.poll_s,
            absent=Cause.POWER,
        )
        if one.batch and period.kind is Kind.HOUR and not rows.measurements:
            # the states a silent analyzer was seen in say why it has no result
            rows = replace(rows, samples=_seen(connection, one, period, names))
        made[one.factor] = stats.statistic(one.period, period, rows)
    return list(made.values())


def _parts(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, names: Names
) -> dict[str, list[Statistic]]:
    kind = _PARTS.get(period.kind)
    found: dict[str, list[Statistic]] = {}
    if kind is not None:
        first = Period(kind, period.start)
        for row in statistics.between(connection, first, period.end, outlet.id, names):
            found.setdefault(row.factor, []).append(row)
    return found


def _samples(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, names: Names
) -> dict[str, list[Sample]]:
    if period.kind is not Kind.MINUTE:
        return {}
    return samples.between(
        connection, period.start, period.end, outlet=outlet.id, names=names, one_epoch=True
    )


def _seen(
    connection: sqlite3.Connection, one: FactorPlan, period: Period, names: Names
) -> Sequence[Sample]:
    found = samples.between(connection, period.start, period.end, outlet=one.outlet, names=names)
    return found.get(one.factor, ())


def _results(
    connection: sqlite3.Connection, one: FactorPlan, period: Period, names: Names
) -> Sequence[Measurement]:
    if not one.batch or period.kind is not Kind.HOUR:
        return ()
    return measurements.of_hour(
        connection, period.start, outlet=one.outlet, factor=one.factor, names=names
    )
