"""What the rows of an outlet cost it: hours and days over their limits, lapses told by events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from agent.health import Deduction, DeductionKind, Lapse, OverLimit, deductions_of, kind_of_event
from agent.model import Kind, Period
from agent.plan import Plan
from agent.rules.limits import exceeds, of_period
from agent.settings.health import HealthSettings
from agent.store import checks, columns, events, statistics, tending
from agent.store.events import Event
from agent.store.series import Names
from agent.substitution import Check, Verdict, out_of_control

WATER_TEMPERATURE = "w01010"
UNHANDLED_S = 72 * 3600
"""How long an instrument may be out of control before it costs points."""


def points_of(settings: HealthSettings) -> dict[DeductionKind, float]:
    """Give what each kind costs; what an agency enters brings its own points along."""
    return {kind: getattr(settings, kind.value, 0.0) for kind in DeductionKind}


def deducted(
    connection: sqlite3.Connection, plan: Plan, names: Names, outlet: str, start: int, end: int
) -> list[Deduction]:
    """Give what an outlet has to have deducted for [start, end), whole local days."""
    told = [one for one in events.between(connection, start, end) if one.outlet in (outlet, "")]
    over = [
        *_over(connection, plan, names, outlet, Period(Kind.HOUR, start), end, told=told),
        *_over(connection, plan, names, outlet, Period(Kind.DAY, start), end, told=told),
    ]
    lapses = [
        *_told(connection, outlet, told, start, end),
        *_uncontrolled(connection, plan, outlet, start, end),
    ]
    return list(deductions_of(outlet, over, lapses, points_of(plan.site.outlet(outlet).health)))


def _over(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    outlet: str,
    first: Period,
    end: int,
    *,
    told: list[Event],
) -> Iterator[OverLimit]:
    """Give the valid periods over their limit as the third column has them: after exemptions."""
    length: Literal["hour", "day"] = "day" if first.kind is Kind.DAY else "hour"
    rows = statistics.between(connection, first, end, outlet, names)
    temperature = {
        row.period.start: row.avg for row in rows if row.factor == WATER_TEMPERATURE and row.valid
    }
    for row in rows:
        one = plan.outlets[outlet].factors.get(row.factor)
        if one is None:
            continue
        start = row.period.start
        limit = of_period(
            one.limits, length, at=start, batch=one.batch, temperature=temperature.get(start)
        )
        after = columns.of(connection, "exemptions", row, names=names) or row
        value = after.zs_avg if one.corrected else after.avg
        if limit is None or not after.valid or value is None or not exceeds(limit, value):
            continue
        caused = tuple(
            each.id
            for each in told
            if each.kind == "exceedance"
            and each.factor == row.factor
            and each.at <= row.period.end
            and (each.ended_at is None or each.ended_at >= row.period.start)
        )
        yield OverLimit(row.factor, row.period.start, length, value, caused)


def _told(
    connection: sqlite3.Connection, outlet: str, told: list[Event], start: int, end: int
) -> Iterator[Lapse]:
    """Give the lapses that events stand for; a contradicted stop costs once a local day."""
    for one in told:
        kind = kind_of_event(one.kind, one.detail)
        if kind is DeductionKind.STOP_CONTRADICTED:
            for at in one.detail.get("times", ()):
                if start <= at < end:
                    day = Period.holding(Kind.DAY, at).start
                    yield Lapse(kind, str(day), at, (one.id,), str(one.detail["cause"]))
        elif not start <= one.at < end:
            continue
        elif kind is not None:
            text = str(one.detail.get("device", one.detail.get("text", "")))
            yield Lapse(kind, str(one.id), one.at, (one.id,), text)
        elif one.kind == "parameter" and not _tended(connection, outlet, one):
            device = str(one.detail.get("device", ""))
            text = f"{device} {one.detail.get('parameter', '')}"
            kind = DeductionKind.PARAMETER_UNMARKED
            yield Lapse(kind, f"{device}:{one.at!r}", one.at, (one.id,), text)


def _tended(connection: sqlite3.Connection, outlet: str, one: Event) -> bool:
    switched = one.detail.get("maintenance") is not None
    return switched or tending.tended(connection, outlet, one.factor, one.at)


def _uncontrolled(
    connection: sqlite3.Connection, plan: Plan, outlet: str, start: int, end: int
) -> Iterator[Lapse]:
    """Give the stretches out of control that nobody ended within 72 h of the discovery."""
    water = plan.outlets[outlet].medium == "water"
    for factor in plan.outlets[outlet].factors:
        known = checks.between(connection, 0, end, outlet=outlet, factor=factor)
        seen = [_as_found(one.as_check(), water=water) for one in known]
        for one in out_of_control(seen, until=end):
            at = one.start + UNHANDLED_S
            if one.end > at and start <= at < end:
                yield Lapse(DeductionKind.UNCONTROLLED, f"{factor}:{one.start}", at, (), factor)


def _as_found(one: Check, *, water: bool) -> Check:
    """Take a failed check of a water analyzer as the discovery that it is out of control."""
    failed = water and one.verdict is Verdict.FAIL
    return replace(one, verdict=Verdict.OUT_OF_CONTROL) if failed else one
