"""Holds values against their limits and writes down what follows: events, orders, notices.

The decisions are pure functions of `agent.rules`; their state is event rows. Everything here runs
inside the transaction that stores the value itself, so a value and its consequence cannot part.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Sequence

from agent.keeping import keep_for
from agent.model import Kind, Measurement, Period, Sample, Statistic
from agent.plan import FactorPlan, Plan
from agent.rules import (
    Decision,
    Exceedance,
    JudgedValue,
    Limit,
    Step,
    debounce,
    from_hour,
    from_measurement,
    in_force,
)
from agent.rules.limits import On
from agent.store import events
from agent.store.series import Names
from agent.telling import closed, tell

RUN = "exceedance_run"
"""Kind of the event that counts values beyond a limit while they are too few to matter."""
EXCEEDANCE = "exceedance"
WATER_TEMPERATURE = "w01010"


def judge_hours(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    rows: Sequence[Statistic],
    *,
    now: float,
    beside: Sequence[Statistic] = (),
) -> None:
    """Judge hours and days that were just closed, converted where they are corrected (CMP-01).

    `rows` are of one period, as is what stands `beside` them; the water's temperature among them
    says which limit holds (CMP-04).
    """
    seen = (*rows, *beside)
    temperature = next((r.avg for r in seen if r.factor == WATER_TEMPERATURE and r.valid), None)
    for row in rows:
        one = plan.outlets[row.outlet].factors[row.factor]
        on: On = "day" if row.period.kind is Kind.DAY else "hour"
        limit = in_force(one.limits, on, at=row.period.start, temperature=temperature)
        if limit is not None:
            value = from_hour(row, converted=one.corrected)
            _judge(connection, plan, names, limit, value, now=now)


def judge_measurement(
    connection: sqlite3.Connection, plan: Plan, names: Names, result: Measurement, *, now: float
) -> None:
    """Judge a result of a batch analyzer that was just stored."""
    limits = plan.outlets[result.outlet].factors[result.factor].limits
    limit = in_force(limits, "measurement", at=result.sampled_at)
    _judge(connection, plan, names, limit, from_measurement(result), now=now)


def judge_sample(
    connection: sqlite3.Connection, plan: Plan, names: Names, sample: Sample, *, now: float
) -> None:
    """Judge one value of a continuous instrument, where a limit is set on its measurements."""
    outlet = plan.outlets[sample.outlet]
    one: FactorPlan = outlet.factors[sample.factor]
    limit = in_force(one.limits, "measurement", at=sample.at)
    if limit is None and (outlet.keeping is None or sample.factor not in outlet.keeping.factors):
        return
    hour = Period.holding(Kind.HOUR, sample.at).start
    figure = sample.zs if one.corrected else sample.value
    value = JudgedValue(
        sample.outlet, sample.factor, figure, sample.cause, hour, sample.at, sample.at
    )
    _judge(connection, plan, names, limit, value, moment=sample.at, now=now)


def _judge(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    limit: Limit | None,
    value: JudgedValue,
    *,
    now: float,
    moment: float | None = None,
) -> None:
    judged = None
    if limit is not None:
        judged = limit, _exceedance(connection, plan, limit, value, now=now)
    if limit is None or limit.on != "day":  # no vessel holds the water of a whole day
        single = limit is None or limit.on == "measurement"
        keep_for(
            connection, plan, names, value, judged=judged, now=now, moment=moment, single=single
        )


def _exceedance(
    connection: sqlite3.Connection, plan: Plan, limit: Limit, value: JudgedValue, *, now: float
) -> Decision:
    """Run the debounce over the event rows, and tell what began or ended."""
    event = _open(connection, EXCEEDANCE, limit, value) or _open(connection, RUN, limit, value)
    before = Exceedance(**event.detail["state"]) if event else None
    decision = debounce(limit, before, value)
    after = decision.exceedance
    if decision.step is Step.CLOSED and event is not None:
        closed(connection, plan, event, at=value.received_at, now=now)
        return decision
    if after == before:
        return decision
    opened = decision.step is Step.OPENED
    if event is not None and after is not None and not opened:
        events.update(connection, event.id, _detail(after, limit))
        return decision
    if event is not None:
        events.end(connection, event.id, value.received_at)
    if after is not None:
        _begin(connection, plan, after, limit, opened=opened, at=value.received_at, now=now)
    return decision


def _open(
    connection: sqlite3.Connection, kind: str, limit: Limit, value: JudgedValue
) -> events.Event | None:
    """Give what lasts of a factor; hours and single values exceed their limits apart."""
    found = events.open_ones(connection, kind, outlet=value.outlet, factor=value.factor)
    return next((event for event in found if event.detail.get("on") == limit.on), None)


def _begin(
    connection: sqlite3.Connection,
    plan: Plan,
    state: Exceedance,
    limit: Limit,
    *,
    opened: bool,
    at: float,
    now: float,
) -> None:
    """Write a new exceedance, or the run of values that may become one."""
    kind = EXCEEDANCE if opened else RUN
    ref = f"{kind}:{limit.on}:{state.outlet}:{state.factor}:{state.last_completed_at}"
    detail = _detail(state, limit)
    where = (state.outlet, state.factor)
    if opened:
        tell(
            connection,
            plan,
            kind,
            detail,
            ref=ref,
            at=at,
            now=now,
            outlet=where[0],
            factor=where[1],
            lasts=True,
        )
    else:
        events.add(connection, kind, detail, ref=ref, at=at, outlet=where[0], factor=where[1])


def _detail(state: Exceedance, limit: Limit) -> dict[str, object]:
    return {"on": limit.on, "state": dataclasses.asdict(state), "source": limit.source}
