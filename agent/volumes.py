"""A flow's two volumes side by side: what its meter counted, and what its samples add up to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from agent.model import Kind, Period, Sample, Statistic
from agent.plan import FactorPlan, Plan
from agent.stats.counter import REACH_S, CounterRule, Reading, counted, differs
from agent.store import samples, statistics
from agent.store.series import Names
from agent.telling import tell


def tell_volumes(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    rows: Iterable[Statistic],
    *,
    now: float,
) -> None:
    """Tell of an hour whose two volumes differ, and of what its counter did (once an hour each).

    `rows` are hours that were just closed.
    """
    for row in rows:
        one = plan.outlets[row.outlet].factors[row.factor]
        if one.period.counter is not None and row.period.kind is Kind.HOUR:
            _tell(connection, plan, names, one, row.period, now=now)


def _tell(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    one: FactorPlan,
    hour: Period,
    *,
    now: float,
) -> None:
    rule = one.period.counter
    assert rule is not None, "asked by the caller"
    minutes = [
        row
        for row in statistics.between(
            connection, Period(Kind.MINUTE, hour.start), hour.end, one.outlet, names
        )
        if row.factor == one.factor and row.valid
    ]
    taken = samples.between(connection, hour.start, hour.end, outlet=one.outlet, names=names)
    before = samples.last_total(
        connection,
        outlet=one.outlet,
        factor=one.factor,
        since=hour.start - REACH_S,
        before=hour.start,
        names=names,
    )
    counter, integral, notes = side_by_side(
        rule, minutes, taken.get(one.factor, ()), before=before, scale=one.period.amount.scale
    )
    told = {"counter_m3": counter, "integral_m3": integral}
    found: list[tuple[str, dict[str, object]]] = []
    if notes:
        found.append(("counter", {"notes": notes, **told}))
    if differs(counter, integral, share=one.volume_differs):
        found.append(("volume_differs", {"share": one.volume_differs, **told}))
    for kind, detail in found:
        tell(
            connection,
            plan,
            kind,
            detail,
            ref=f"{kind}:{one.outlet}:{one.factor}:{hour.start}",
            at=hour.end,
            now=now,
            outlet=one.outlet,
            factor=one.factor,
        )


def side_by_side(
    rule: CounterRule,
    minutes: Sequence[Statistic],
    taken: Sequence[Sample],
    *,
    before: Reading | None,
    scale: float,
) -> tuple[float, float, list[str]]:
    """Give the volume of the valid minutes by counter and by samples, in m3, and what happened.

    A minute whose counter told nothing is left out of both.
    """
    readings: dict[int, list[Reading]] = {}
    for sample in taken:
        if sample.total is not None:
            readings.setdefault(int(sample.at // 60) * 60, []).append((sample.at, sample.total))
    means = {row.period.start: row.avg for row in minutes}
    counter, integral, notes = 0.0, 0.0, list[str]()
    for start in sorted(readings):
        found = counted(rule, readings[start], before=before)
        before = max(readings[start])
        notes += found.notes
        mean = means.get(start)
        if found.volume is not None and mean is not None:
            counter += found.volume
            integral += mean * 60 * scale
    return counter, integral, notes
