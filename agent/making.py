"""Hands the rows of a period to the pure functions of `stats` and takes the statistics back.

`made_of` is the whole of it, whatever the rows came from: the daemon takes them from the store,
the recalculation from a file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent import stats
from agent.model import Cause, Kind, Mark, Measurement, Period, Sample, Statistic
from agent.plan import FactorPlan, OutletPlan
from agent.stats import Column
from agent.stats.counter import REACH_S
from agent.store import measurements, samples, statistics
from agent.store.series import Names

PARTS: Mapping[Kind, Kind] = {
    Kind.N_MINUTES: Kind.MINUTE,
    Kind.HOUR: Kind.MINUTE,
    Kind.DAY: Kind.HOUR,
    Kind.MONTH: Kind.DAY,
}
"""Of what shorter kind a period is made."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What is there of an outlet for one period, by factor; what a kind does not read is empty."""

    samples: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    results: Mapping[str, Sequence[Measurement]] = field(default_factory=dict)
    shorter: Mapping[str, Sequence[Statistic]] = field(default_factory=dict)
    totals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The last reading of each counter before a minute."""


def made_of(outlet: OutletPlan, period: Period, stock: Stock) -> list[Statistic]:
    """Make the statistics of every factor of an outlet for one period.

    What has no sample at all was not taken: the agent was not running, so its cause is POWER.
    """
    made: dict[str, Statistic] = {}
    for one in outlet.inputs_first(period.kind):
        correction = one.period.correction
        rows = stats.Rows(
            samples=stock.samples.get(one.factor, ()),
            measurements=stock.results.get(one.factor, ()),
            statistics=stock.shorter.get(one.factor, ()),
            flow=made.get(outlet.flow or ""),
            oxygen=None if correction is None else made.get(correction.oxygen),
            flow_statistics=stock.shorter.get(outlet.flow or "", ()),
            total_before=stock.totals.get(one.factor),
            due=one.due_per_minute,
            slice_s=one.poll_s,
            absent=Cause.POWER,
        )
        made[one.factor] = stats.statistic(one.period, period, rows)
    return list(made.values())


def rules_of(outlet: OutletPlan) -> dict[str, stats.PeriodRule]:
    """Give the rules of an outlet as marks go by: with all that a value is made of (STAT-12).

    Of two factors of one reading, the one with more conversions is made of the other: a flow of
    its velocity, NOx of its NO. What an input is made of counts too.
    """
    direct = {
        code: {*one.period.inputs, *_of_same_reading(outlet, one)}
        for code, one in outlet.factors.items()
    }
    return {
        code: replace(one.period, inputs=tuple(sorted(_all_of(code, direct))))
        for code, one in outlet.factors.items()
    }


def _of_same_reading(outlet: OutletPlan, one: FactorPlan) -> Iterator[str]:
    steps = one.chain.steps if one.chain else ()
    for other in outlet.factors.values():
        fewer = other.chain.steps if other.chain else ()
        same = (other.device, other.point) == (one.device, one.point)
        if same and len(fewer) < len(steps) and steps[: len(fewer)] == fewer:
            yield other.factor


def _all_of(code: str, direct: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    open_ = set(direct.get(code, ()))
    while open_:
        one = open_.pop()
        found.add(one)
        open_ |= direct.get(one, set()) - found
    return found - {code}


def column_of(
    outlet: OutletPlan, period: Period, stock: Stock, marks: Sequence[Mark], column: Column
) -> list[Statistic]:
    """Make the rows of an hour or n minutes as a column has them (STAT-13).

    The shortest rows, minutes and results, are told what the marks say of them.
    """
    found = stats.touching(marks, period, outlet=outlet.id)
    if not found:
        return made_of(outlet, period, stock)
    rules = rules_of(outlet)
    after = replace(
        stock,
        results={
            code: [stats.relabelled_result(rules[code], row, found, column) for row in rows]
            for code, rows in stock.results.items()
        },
        shorter={
            code: [stats.relabelled(rules[code], row, found, column) for row in rows]
            for code, rows in stock.shorter.items()
        },
    )
    rows = made_of(outlet, period, after)
    return [stats.told(rules[row.factor], row, found, column) for row in rows]


def make_statistics(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, *, names: Names
) -> list[Statistic]:
    """Make the statistics of an outlet for one period out of what is stored, as reported."""
    return made_of(outlet, period, _stock(connection, outlet, period, names))


def make_column(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    period: Period,
    column: Column,
    *,
    marks: Sequence[Mark],
    names: Names,
) -> list[Statistic]:
    """Make the second or third column of a closed period (STAT-13); the first is in the store.

    Where no mark has to do with it the column is as reported, without the figures of what is not
    valid. Days and months are made of the columns of their hours and days.
    """
    found = stats.touching(marks, period, outlet=outlet.id)
    if period.kind is Kind.MINUTE or not found:
        rules = rules_of(outlet)
        rows = statistics.of(connection, period, outlet=outlet.id, names=names).values()
        return [
            stats.computed(stats.relabelled(rules[row.factor], row, found, column))
            if period.kind is Kind.MINUTE
            else stats.computed(row)
            for row in rows
            if row.factor in rules
        ]
    if period.kind in (Kind.HOUR, Kind.N_MINUTES):
        stock = _stock(connection, outlet, period, names)
        hour = column_of(outlet, period, stock, found, column)
        return [stats.computed(row) for row in hour]
    shorter: dict[str, list[Statistic]] = {}
    for part in period.parts(PARTS[period.kind]):
        for row in make_column(connection, outlet, part, column, marks=found, names=names):
            shorter.setdefault(row.factor, []).append(row)
    return [stats.computed(row) for row in made_of(outlet, period, Stock(shorter=shorter))]


def _stock(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, names: Names
) -> Stock:
    results = {
        one.factor: found
        for one in outlet.batch
        if (found := _results(connection, one, period, names))
    }
    taken: dict[str, Sequence[Sample]] = {}
    if period.kind is Kind.MINUTE:
        taken |= samples.between(
            connection, period.start, period.end, outlet=outlet.id, names=names, one_epoch=True
        )
    elif period.kind is Kind.HOUR and len(results) < len(outlet.batch):
        # the states a silent analyzer was seen in say why it has no result
        seen = samples.between(connection, period.start, period.end, outlet=outlet.id, names=names)
        silent = {one.factor for one in outlet.batch} - results.keys()
        taken |= {code: rows for code, rows in seen.items() if code in silent}
    totals = _totals(connection, outlet, period, names) if period.kind is Kind.MINUTE else {}
    return Stock(taken, results, _parts(connection, outlet, period, names), totals)


def _totals(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, names: Names
) -> dict[str, tuple[float, float]]:
    found = {}
    for one in outlet.factors.values():
        if one.period.counter is not None:
            last = samples.last_total(
                connection,
                outlet=outlet.id,
                factor=one.factor,
                since=period.start - REACH_S,
                before=period.start,
                names=names,
            )
            if last is not None:
                found[one.factor] = last
    return found


def _parts(
    connection: sqlite3.Connection, outlet: OutletPlan, period: Period, names: Names
) -> dict[str, list[Statistic]]:
    kind = PARTS.get(period.kind)
    found: dict[str, list[Statistic]] = {}
    if kind is not None:
        first = Period(kind, period.start)
        for row in statistics.between(connection, first, period.end, outlet.id, names):
            if row.factor in outlet.factors:
                found.setdefault(row.factor, []).append(row)
    return found


def _results(
    connection: sqlite3.Connection, one: FactorPlan, period: Period, names: Names
) -> Sequence[Measurement]:
    if period.kind is not Kind.HOUR:
        return ()
    return measurements.of_hour(
        connection, period.start, outlet=one.outlet, factor=one.factor, names=names
    )
