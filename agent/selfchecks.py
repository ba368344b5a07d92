"""What an instrument says of its checks of itself, as checks with a verdict (QC-01, 2062).

An instrument gives a reading. What it should have been is its own word (2062), the site file's
(`references`) or its parameter `check_standard`; without one there is nothing to judge, and the
result stays among `device_checks`.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

from agent import composing
from agent.control import settle_control
from agent.plan import FactorPlan, Plan
from agent.quality.units import UnitError, convert
from agent.store import checks, outbox, parameters
from agent.store.checks import CheckRecord
from agent.substitution import Verdict
from agent.substitution.judging import Judged, judge
from drivers.parameters import CheckResult

AHEAD_S = 900.0
"""How far an instrument's clock may be ahead; a check from beyond is of no known time."""
ORDERED_S = 4 * 3600
"""How long after an order its result is taken for what the order came to."""
OWN_STANDARD = "check_standard"
_KINDS: dict[str, Literal["zero", "span", "standard"]] = {
    "zero": "zero",
    "span": "span",
    "standard": "standard",
}


def take_check(
    connection: sqlite3.Connection, plan: Plan, device: str, result: CheckResult, *, now: float
) -> int | None:
    """Store a check an instrument told of, owe it to platforms, and settle what it means.

    None where it cannot be said what was checked, when, or against what; or where it is known.
    """
    record = _record(connection, plan, device, result, now=now)
    number = None if record is None else checks.add(connection, record)
    if record is None or number is None:
        return None
    settle_control(connection, plan, record.outlet, record.factor, now=now)
    for station in plan.stations.values():
        if now < (station.since or 0.0):
            continue
        upload = composing.of_check(station, record, number)
        if upload is not None:
            outbox.add(
                connection, station.id, upload, now=now, not_before=now + station.send_phase_s
            )
    return number


def _record(
    connection: sqlite3.Connection, plan: Plan, device: str, result: CheckResult, *, now: float
) -> CheckRecord | None:
    kind, one = _KINDS.get(result.kind), _factor(plan, device, result)
    if kind is None or one is None or result.value is None:
        return None
    at = _moment(connection, device, result, now)
    own = parameters.of(connection, device).get(OWN_STANDARD) if kind == "standard" else None
    given = one.references.of(kind)
    try:
        reading = convert(result.value, result.unit or one.judge.unit, one.judge.unit)
        if result.nominal is not None:
            given = convert(result.nominal, result.unit or one.judge.unit, one.judge.unit)
        elif given is None and own is not None:
            given = convert(own.value, own.unit or one.judge.unit, one.judge.unit)
    except UnitError:
        return None
    if at is None or given is None:
        return None
    judged = _judged(plan, one, kind, reading=reading, nominal=given)
    if judged is None and result.passed is None:
        return None
    said = Verdict.PASS if result.passed else Verdict.FAIL
    detail: dict[str, Any] = {"device": device}
    if result.passed is not None:
        detail["instrument"] = said.value
    order = checks.ordered(connection, device, at, within_s=ORDERED_S)
    if order is not None:
        detail["order"] = order.ref
    return CheckRecord(
        one.outlet,
        one.factor,
        kind,
        start=at if order is None else min(at, int(order.started_at)),
        end=at,
        verdict=said if judged is None else judged.verdict,
        nominal=given,
        reading=reading,
        deviation=None if judged is None else judged.percent,
        channel="auto",
        detail=detail,
        made_by="agent",
        made_at=now,
    )


def _judged(
    plan: Plan,
    one: FactorPlan,
    kind: Literal["zero", "span", "standard"],
    *,
    reading: float,
    nominal: float,
) -> Judged | None:
    full_scale = one.references.full_scale or one.judge.high
    try:
        return judge(
            one.factor,
            plan.outlets[one.outlet].medium,
            kind,
            reading=reading,
            nominal=nominal,
            full_scale=full_scale,
        )
    except ValueError:
        return None


def _factor(plan: Plan, device: str, result: CheckResult) -> FactorPlan | None:
    """Give the factor that was checked: by its point, else the only one of the instrument."""
    factors = plan.factors_of(device)
    if result.point:
        factors = tuple(one for one in factors if one.point == result.point)
    return factors[0] if len(factors) == 1 else None


def _moment(
    connection: sqlite3.Connection, device: str, result: CheckResult, now: float
) -> int | None:
    """Give when a check ended; None where nobody knows.

    One without a time of its own was made since the instrument was read before; what stood there
    at the first reading is of any time.
    """
    if result.at is not None:
        return int(result.at) if result.at <= now + AHEAD_S else None
    return int(now) if parameters.checks_known(connection, device, result.kind) > 1 else None
