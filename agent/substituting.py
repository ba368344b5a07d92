"""Substituted mass out of the store: quarters of gas, months of water. Nothing is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.model import Cause, Kind, MarkKind, MarkState, Period
from agent.plan import FactorPlan, OutletPlan
from agent.store import checks, marks, masses, values
from agent.store.masses import Mass
from agent.store.series import Names
from agent.substitution import (
    DayMass,
    HourMass,
    Loss,
    Substituted,
    Uncontrolled,
    Verdict,
    out_of_control,
    rate_of,
    substitute_day,
    substitute_quarter,
)
from agent.substitution.control import hours_touched

HOUR_S, DAY_S = 3600, 86_400
LOOK_BACK_S = 400 * DAY_S
"""How far back valid hours are looked for: 2160 of them, however many were lost or stopped."""
_DRIFTS = ("zero", "span", "accuracy")
_CHECKS = ("standard", "comparison")
_REPAIR = "故障"


@dataclass(frozen=True, slots=True)
class Substitution:
    """What a stretch comes to: measured and substituted mass in the factor's amount unit.

    `rate` is the capture rate of a gas quarter in percent, None for water. `measured` is None where
    no period has a mass of its own. `empty` counts the lost periods without any by the rules.
    """

    start: int
    end: int
    rate: float | None
    measured: float | None
    substituted: float
    rows: tuple[Substituted, ...]

    @property
    def empty(self) -> int:
        """How many lost periods stay without mass."""
        return sum(1 for one in self.rows if one.mass is None)


def of_quarter(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    code: str,
    start: int,
    *,
    names: Names,
    until: int,
) -> Substitution:
    """Reckon a gas factor's quarter that begins at `start`, as far as `until` (§3.2).

    An hour is lost where its mass is: by its own validity or that of its flow. Hours without any
    row are lost too, from the factor's first row on.
    """
    factor = outlet.factors[code]
    end = min(_later(start, 3), until // HOUR_S * HOUR_S)
    stored = _stored(connection, outlet, code, Kind.HOUR, start - LOOK_BACK_S, end, names=names)
    records = [
        one
        for one in checks.between(connection, 0, until, outlet=factor.outlet, factor=factor.factor)
        if one.kind in _DRIFTS
    ]
    stretches = out_of_control(
        [one.as_check() for one in records], until=end, period_s=factor.calibration_s
    )
    first = min(stored, default=end)
    hours = _hours(stored, stretches, max(start, first), end)
    history = _hours(stored, stretches, first, start)
    passes = [one.end for one in records if one.verdict is Verdict.PASS]
    found = substitute_quarter(hours, history, calibrations=passes)
    return Substitution(
        start,
        end,
        rate_of(hours),
        _together(one.mass for one in hours if one.valid),
        sum(one.mass for one in found if one.mass is not None),
        tuple(found),
    )


def of_month(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    code: str,
    start: int,
    *,
    names: Names,
    until: int,
) -> Substitution:
    """Reckon a water factor's month that begins at `start`, its closed days only (WAT-29)."""
    factor = outlet.factors[code]
    end = min(_later(start, 1), until)
    stored = _stored(connection, outlet, code, Kind.DAY, start - LOOK_BACK_S, end, names=names)
    history = [_day(one) for one in stored.values()]
    passes = [
        one.end
        for one in checks.between(connection, 0, end, outlet=factor.outlet, factor=factor.factor)
        if one.kind in _CHECKS and one.verdict is Verdict.PASS
    ]
    rows = []
    for day in history:
        if day.start < start:
            continue
        found = substitute_day(
            day,
            history,
            passed_at=max((at for at in passes if at <= day.start), default=None),
            repair=_in_repair(connection, factor, day.start),
            manual=_manual(connection, factor, day.start),
            volume_m3=_volume(connection, outlet, day.start, names),
            scale=factor.period.amount.scale,
        )
        if found is not None:
            rows.append(Substituted(found.start, found.mass, found.reason))
    return Substitution(
        start,
        end,
        None,
        _together(one.mass for one in history if one.start >= start),
        sum(one.mass for one in rows if one.mass is not None),
        tuple(rows),
    )


def _together(masses: Iterable[float | None]) -> float | None:
    known = [mass for mass in masses if mass is not None]
    return sum(known) if known else None


def _hours(
    stored: Mapping[int, Mass], stretches: Sequence[Uncontrolled], start: int, end: int
) -> list[HourMass]:
    doubted = hours_touched(stretches, start=start, end=end)
    found = []
    for at in range(start, end, HOUR_S):
        row = stored.get(at)
        stopped = row is not None and row.mass is None and row.cause is Cause.STOPPED
        loss = Loss.OUT_OF_CONTROL if at in doubted else None
        if loss is None and (row is None or row.mass is None):
            loss = Loss.OTHER
        mass = None if row is None else row.mass
        found.append(HourMass(at, mass, None if stopped else loss, stopped=stopped))
    return found


def _day(row: Mass) -> DayMass:
    return DayMass(row.start, row.mass, dry=row.mass is None and row.due == 0)


def _in_repair(connection: sqlite3.Connection, factor: FactorPlan, day: int) -> bool:
    """Say whether a confirmed fault of the instrument touches the day."""
    return any(
        one.record.state is MarkState.CONFIRMED
        and one.record.kind is MarkKind.EQUIPMENT
        and one.record.code == _REPAIR
        and one.record.concerns(factor.factor)
        for one in marks.listed(connection, factor.outlet, day, day + DAY_S)
    )


def _manual(
    connection: sqlite3.Connection, factor: FactorPlan, day: int
) -> list[tuple[int, float]]:
    found = values.between(
        connection,
        day,
        day + DAY_S,
        outlet=factor.outlet,
        factor=factor.factor,
        purpose="substitute",
    )
    return [(one.start, one.value) for _, one in found]


def _volume(
    connection: sqlite3.Connection, outlet: OutletPlan, day: int, names: Names
) -> float | None:
    """Give the outlet's volume of a day in m3, where its flow was valid."""
    if outlet.flow is None:
        return None
    found = _stored(connection, outlet, outlet.flow, Kind.DAY, day, day + DAY_S, names=names)
    row = found.get(day)
    return None if row is None else row.mass


def _stored(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    code: str,
    kind: Kind,
    start: int,
    end: int,
    *,
    names: Names,
) -> dict[int, Mass]:
    series = names.series.get((outlet.id, code, "rtd"))
    # a factor that is new in the settings has no number before its first row
    return {} if series is None else masses.between(connection, kind.value, series, start, end)


def _later(start: int, months: int) -> int:
    period = Period(Kind.MONTH, start)
    for _ in range(months):
        period = period.next()
    return period.start
