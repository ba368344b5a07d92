"""Looks up what was so at an outlet: the evidence marks are proposed from and held against."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator

from agent.marks import Evidence, Minute, Record, Thresholds, from_causes, whole_minutes
from agent.marks.spans import STANDARD_CHECK
from agent.model import Cause, Kind, MarkKind, Period, Statistic
from agent.plan import Plan
from agent.settings.marks import MarkSettings, Witness
from agent.stats import dominant
from agent.store import checks, samples, statistics
from agent.store.series import Names
from agent.substitution import failed_checks

_EVENTS = (
    "SELECT at, ended_at, factor FROM events"
    " WHERE kind = ? AND outlet = ? AND at < ? AND coalesce(ended_at, at) >= ? ORDER BY at"
)


def thresholds(settings: MarkSettings) -> Thresholds:
    """Give from where on a witness speaks of running."""
    return Thresholds(
        flow=settings.stop_flow_limit,
        oxygen=settings.stop_oxygen,
        temperature=settings.stop_temperature,
        power=None if settings.power is None else settings.power.above,
        load=None if settings.load is None else settings.load.above,
        stop_min=settings.stop_min,
        near_min=settings.near_min,
        repeats=settings.repeats,
        repeat_days=settings.repeat_days,
    )


def evidence_of(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    outlet: str,
    start: int,
    end: int,
    *,
    settings: MarkSettings,
) -> Evidence:
    """Give the minutes, doors, checks and exceedances of an outlet in [start, end)."""
    known = plan.outlets[outlet]
    gas = plan.site.outlet(outlet).gas
    by_minute: dict[int, dict[str, Statistic]] = defaultdict(dict)
    for row in _minutes(connection, names, outlet, start, end):
        by_minute[row.period.start][row.factor] = row
    power = _witness(connection, names, settings.power, start, end)
    load = _witness(connection, names, settings.load, start, end)
    temperature = gas.temperature if isinstance(gas.temperature, str) else None
    minutes = {
        at: Minute(
            flow=_value(by_minute.get(at), known.flow),
            oxygen=_value(by_minute.get(at), gas.oxygen if known.medium == "gas" else None),
            temperature=_value(by_minute.get(at), temperature),
            power=power.get(at),
            load=load.get(at),
            cause=_agreed(by_minute.get(at)),
        )
        for at in sorted({*by_minute, *power, *load})
    }
    near_s = settings.near_min * 60
    return Evidence(
        outlet,
        minutes,
        doors=[
            (max(int(a), start), min(int(b), end))
            for a, b, _ in connection.execute(_EVENTS, ("door", outlet, end, start))
            if b is not None and b > a
        ],
        checks=[
            (one.start, one.end, one.factor)
            for one in checks.between(connection, start, end, outlet=outlet)
        ],
        exceedances=[
            (int(at), factor)
            for at, _, factor in connection.execute(
                _EVENTS, ("exceedance", outlet, end + near_s, start - near_s)
            )
        ],
    )


def automatic(
    connection: sqlite3.Connection, plan: Plan, names: Names, outlet: str, start: int, end: int
) -> list[Record]:
    """Give the automatic marks of an outlet's factors: from minutes, of batches from states."""
    causes: dict[str, list[tuple[int, Cause]]] = defaultdict(list)
    for row in _minutes(connection, names, outlet, start, end):
        causes[row.factor].append((row.period.start, Cause.NORMAL if row.valid else row.cause))
    batch = {one.factor for one in plan.outlets[outlet].batch}
    seen = samples.between(connection, start, end, outlet=outlet, names=names) if batch else {}
    for factor in batch:
        states: dict[int, list[Cause]] = defaultdict(list)
        for sample in seen.get(factor, ()):
            states[int(sample.at // 60) * 60].append(sample.cause)
        causes[factor] = [(at, dominant(found)) for at, found in states.items()]
    return [
        mark
        for factor, found in causes.items()
        for mark in from_causes(
            outlet,
            factor,
            found,
            checks=[
                (one.start, one.end)
                for one in checks.between(connection, start, end, outlet=outlet, factor=factor)
                if one.kind == "standard"
            ],
        )
    ]


def doubted(
    connection: sqlite3.Connection, plan: Plan, outlet: str, start: int, end: int
) -> list[Record]:
    """Propose what failed checks of water make invalid, where it touches [start, end) (WAT-27)."""
    found: list[Record] = []
    if plan.outlets[outlet].medium != "water":
        return found
    for factor in plan.outlets[outlet].factors:
        told = checks.between(connection, 0, end, outlet=outlet, factor=factor)
        stretches = failed_checks(
            [one.as_check() for one in told if one.kind in ("standard", "comparison")], until=end
        )
        for one in stretches:
            first, last = whole_minutes(one.start, one.end)
            if last > start:
                found.append(
                    Record(
                        outlet,
                        (factor,),
                        MarkKind.EQUIPMENT,
                        STANDARD_CHECK,
                        first,
                        last,
                        evidence=("核查不合格 / failed check",),
                    )
                )
    return found


def _minutes(
    connection: sqlite3.Connection, names: Names, outlet: str, start: int, end: int
) -> Iterator[Statistic]:
    """Give an outlet's minutes, a day at a time: that much is in memory."""
    while start < end:
        until = min(end, start + 86_400)
        first = Period(Kind.MINUTE, start)
        yield from statistics.between(connection, first, until, outlet, names)
        start = until


def _witness(
    connection: sqlite3.Connection, names: Names, witness: Witness | None, start: int, end: int
) -> dict[int, float]:
    if witness is None:
        return {}
    return {
        row.period.start: row.avg
        for row in _minutes(connection, names, witness.outlet, start, end)
        if row.factor == witness.factor and row.valid and row.avg is not None
    }


def _value(rows: dict[str, Statistic] | None, factor: str | None) -> float | None:
    row = rows.get(factor) if rows and factor else None
    return row.avg if row is not None and row.valid else None


def _agreed(rows: dict[str, Statistic] | None) -> Cause:
    """Give the flag all factors agree on; normal where they do not."""
    found = {Cause.NORMAL if row.valid else row.cause for row in (rows or {}).values()}
    return found.pop() if len(found) == 1 else Cause.NORMAL
