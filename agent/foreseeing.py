"""Tells where an hour or a water day is going before it is lost (SUP-07, domain rules §12).

Events only, each level once an hour or day; nothing is judged by what has not happened yet.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from agent.compliance import level, projected_day, projected_mean
from agent.model import Kind, Period, Statistic
from agent.plan import FactorPlan, OutletPlan, Plan
from agent.rules import in_force
from agent.store import statistics
from agent.store.series import Names
from agent.telling import tell

FORESEEN = "foreseen"
EVERY_MIN = 5
LEAST_MIN = 15
"""So many valid minutes must be there; fewer say nothing of an hour (I)."""
NOW_MIN = 5
"""The mean of so many last valid minutes stands for now (I)."""
LEAST_H = 6
"""So many valid hours must be there of a day (I)."""


def foresee(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    outlet: OutletPlan,
    period: Period,
    *,
    now: float,
) -> None:
    """Look ahead after a minute or an hour of an outlet was closed."""
    if period.kind is Kind.MINUTE and period.end // 60 % EVERY_MIN == 0:
        _hour(connection, plan, names, outlet, period, now=now)
    elif period.kind is Kind.HOUR and outlet.medium == "water":
        _day(connection, plan, names, outlet, period, now=now)


def _hour(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    outlet: OutletPlan,
    minute: Period,
    *,
    now: float,
) -> None:
    hour = Period.holding(Kind.HOUR, minute.start)
    limited = {
        one.factor: limit.high
        for one in outlet.continuous
        if (limit := in_force(one.limits, "hour", at=hour.start)) and limit.high is not None
    }
    if not limited or minute.end == hour.end:
        return  # the hour itself is about to be judged
    rows = statistics.between(
        connection, Period(Kind.MINUTE, hour.start), minute.end, outlet.id, names
    )
    for code, high in limited.items():
        done = _values(outlet.factors[code], rows)
        if len(done) < LEAST_MIN:
            continue
        recent = done[-NOW_MIN:]
        left = (hour.end - minute.end) // 60
        mean = projected_mean(done, sum(recent) / len(recent), whole=len(done) + left)
        if mean is not None:
            _tell(connection, plan, outlet, code, hour, value=mean, high=high, now=now)


def _day(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    outlet: OutletPlan,
    hour: Period,
    *,
    now: float,
) -> None:
    """Project the flow-weighted mean of the day at the present concentration and mean volume."""
    day = Period.holding(Kind.DAY, hour.start)
    limited = {
        one.factor: limit.high
        for one in outlet.factors.values()
        if one.period.weighted
        and (limit := in_force(one.limits, "day", at=day.start))
        and limit.high is not None
    }
    if not limited or outlet.flow is None or hour.end == day.end:
        return
    rows = statistics.between(connection, Period(Kind.HOUR, day.start), hour.end, outlet.id, names)
    volumes = {
        row.period.start: row.cou
        for row in rows
        if row.factor == outlet.flow and row.valid and row.cou is not None
    }
    for code, high in limited.items():
        done = [
            (row.avg, volumes[row.period.start])
            for row in rows
            if row.factor == code and row.valid and row.avg is not None
            and row.period.start in volumes
        ]  # fmt: skip
        if len(done) < LEAST_H:
            continue
        left = (day.end - hour.end) // 3600
        volume = sum(volumes.values()) / len(volumes) * left
        mean = projected_day(done, done[-1][0], volume_left=volume)
        if mean is not None:
            _tell(connection, plan, outlet, code, day, value=mean, high=high, now=now)


def _values(factor: FactorPlan, rows: Sequence[Statistic]) -> list[float]:
    found = [
        row.zs_avg if factor.corrected else row.avg
        for row in rows
        if row.factor == factor.factor and row.valid
    ]
    return [value for value in found if value is not None]


def _tell(
    connection: sqlite3.Connection,
    plan: Plan,
    outlet: OutletPlan,
    code: str,
    period: Period,
    *,
    value: float,
    high: float,
    now: float,
) -> None:
    reached = level(value, high)
    if not reached:
        return
    detail = {"level": reached, "projected": value, "limit": high, "start": period.start}
    tell(
        connection,
        plan,
        FORESEEN,
        detail,
        ref=f"{FORESEEN}:{outlet.id}:{code}:{period.kind}:{period.start}:{reached}",
        at=now,
        now=now,
        outlet=outlet.id,
        factor=code,
    )
