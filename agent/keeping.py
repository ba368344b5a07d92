"""Orders bottles: looks at what else was so, asks the rules, and writes the order or the reason.

Inside the transaction of the value, contact, time or person that asks for a bottle.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping
from typing import Any

from agent.clips import order_clips
from agent.model import Cause, Kind, Period, Statistic
from agent.plan import OutletPlan, Plan
from agent.rules import (
    Blocked,
    Circumstances,
    Decision,
    JudgedValue,
    Limit,
    Mode,
    RetentionOrder,
    Step,
    retention,
    synchronous,
    triggered,
)
from agent.rules.keeping import TURN_S
from agent.rules.retention import INSIDE_THE_INTERVAL, Kept, bound_at_stake
from agent.store import actions, events, journal, maintenance, statistics
from agent.store.series import Names
from agent.telling import tell

RETENTION = "retention"
BLOCKED = "retention_blocked"
CHECKS = frozenset({"check", "calibrate", "zero", "span"})
"""Orders to an analyzer during which what it says is no water of the outlet."""
_OVER = Decision(Step.OPENED, None)
"""Beyond a threshold for keeping: there is nothing to debounce."""


def keep_for(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    value: JudgedValue,
    *,
    judged: tuple[Limit, Decision] | None,
    now: float,
    moment: float | None = None,
    single: bool = True,
) -> None:
    """Keep a bottle for a value where a limit, a threshold or the factor itself asks for one.

    `judged` is the limit the value was held against, and what became of that. `moment` is when a
    single value of a continuous instrument was taken; an hour is no `single` value, its results
    were asked already.
    """
    outlet = plan.outlets[value.outlet]
    if outlet.sampler is None or outlet.keeping is None:
        return
    keeping, asked = outlet.keeping, outlet.keeping.of(value.factor)
    threshold = asked.threshold if single else None
    if threshold is not None:
        judged = threshold, _OVER
    at_stake = judged is not None and bound_at_stake(judged[0], value, judged[1]) is not None
    every = single and asked.every and value.value is not None
    if not at_stake and not every:
        return  # most values: what else was so is not even asked
    seen = _circumstances(connection, names, outlet, value.factor, hour=value.sampled_at)
    found: RetentionOrder | Blocked | None = None
    if judged is not None and at_stake:
        found = retention(
            judged[0],
            value,
            decision=judged[1],
            circumstances=seen,
            keeping=keeping,
            moment=moment,
        )
    elif every:
        found = synchronous(value, circumstances=seen, keeping=keeping, moment=moment)
    _act(connection, plan, outlet.sampler, found, now=now)


def ask_for_bottle(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    outlet_id: str,
    factor: str,
    *,
    now: float,
    mode: Mode = "contact",
) -> bool:
    """Keep a bottle because a contact or the clock asks for it, under the rules of any other.

    False where the outlet has no sampler.
    """
    outlet = plan.outlets[outlet_id]
    if outlet.sampler is None or outlet.keeping is None:
        return False
    hour = Period.holding(Kind.HOUR, now).start
    seen = _circumstances(connection, names, outlet, factor, hour=hour)
    kept = triggered(outlet_id, factor, now, circumstances=seen, keeping=outlet.keeping, mode=mode)
    _act(connection, plan, outlet.sampler, kept, now=now)
    return True


def order_bottle(
    connection: sqlite3.Connection,
    plan: Plan,
    sampler: str,
    order: RetentionOrder,
    *,
    ref: str,
    now: float,
    cause: str = "rule",
    extra: Mapping[str, Any] | None = None,
) -> int | None:
    """Write the row of an order for a bottle; None when the same (`ref`) was given before."""
    request = {**dataclasses.asdict(order), **(extra or {})}
    added = actions.add(
        connection,
        ref=ref,
        device=sampler,
        kind="retain",
        cause=cause,
        request=request,
        now=now,
        not_after=order.not_after,
    )
    if added:
        journal.add(connection, "retention ordered", {"ref": ref, **request}, at=now)
        where = (order.outlet, order.factor)
        order_clips(connection, plan, "retain", request, outlet=where[0], factor=where[1], now=now)
    return added


def _act(
    connection: sqlite3.Connection,
    plan: Plan,
    sampler: str,
    kept: RetentionOrder | Blocked | None,
    *,
    now: float,
) -> None:
    if isinstance(kept, RetentionOrder):
        # the same hour of the same factor is ordered once, whatever happens
        ref = f"retain:{kept.outlet}:{kept.factor}:{kept.sampled_at}"
        order_bottle(connection, plan, sampler, kept, ref=ref, now=now)
    elif isinstance(kept, Blocked):
        _blocked(connection, plan, kept, now=now)


def _blocked(connection: sqlite3.Connection, plan: Plan, blocked: Blocked, *, now: float) -> None:
    """Tell that a value beyond its limit keeps no bottle, and why; once per hour and reason."""
    ref = f"{BLOCKED}:{blocked.outlet}:{blocked.factor}:{blocked.sampled_at}:{blocked.reason}"
    tell(
        connection,
        plan,
        BLOCKED,
        dataclasses.asdict(blocked),
        ref=ref,
        at=now,
        now=now,
        outlet=blocked.outlet,
        factor=blocked.factor,
        alarm=blocked.reason != INSIDE_THE_INTERVAL,  # its bottle is there, or on its way
    )


def _circumstances(
    connection: sqlite3.Connection, names: Names, outlet: OutletPlan, factor: str, *, hour: int
) -> Circumstances:
    assert outlet.sampler is not None, "asked of outlets with a sampler"
    flow = _flow(connection, names, outlet, Period(Kind.HOUR, hour))
    last = events.last(connection, RETENTION, outlet=outlet.id, factor=factor)
    found = [last.detail] if last else []
    # what is ordered and not settled counts as kept: it is, or will be
    for one in actions.open_ones(connection, outlet.sampler):
        where = (one.request.get("outlet"), one.request.get("factor"))
        if one.kind == "retain" and where == (outlet.id, factor):
            found.append(one.request)
    return Circumstances(
        flow=flow.avg if flow else None,
        flow_cause=flow.cause if flow else Cause.NO_LINK,
        checking=_checking(connection, outlet, factor),
        kept=tuple(_kept(detail) for detail in found if "moment" in detail),
        switch=_switch(connection, outlet.id),
        drained=outlet.keeping is not None
        and outlet.keeping.led
        and drained(connection, outlet.sampler, hour),
    )


def drained(connection: sqlite3.Connection, sampler: str, hour: int) -> bool:
    """Say whether the vessel with an hour's water was told to drain, where the agent leads."""
    names = (f"{hour}:drain", f"{hour + TURN_S}:clear")
    return any(actions.given(connection, f"sequence:{sampler}:{name}") for name in names)


def _kept(detail: Mapping[str, Any]) -> Kept:
    return Kept(int(detail["sampled_at"]), float(detail["moment"]))


def _checking(connection: sqlite3.Connection, outlet: OutletPlan, factor: str) -> bool:
    """Say whether the analyzer of a factor was told to check itself and has not come to an end."""
    one = outlet.factors.get(factor)
    if one is None:
        return False
    found = actions.open_ones(connection, one.device)
    return any(each.kind in CHECKS and each.state != "queued" for each in found)


def _switch(connection: sqlite3.Connection, outlet: str) -> str:
    """Give what the maintenance switch of the whole outlet says."""
    on = [one for one in maintenance.open_ones(connection) if one.outlet == outlet]
    return next((one.kind for one in reversed(on) if not one.factor), "")


def _flow(
    connection: sqlite3.Connection, names: Names, outlet: OutletPlan, hour: Period
) -> Statistic | None:
    """Give the flow of the hour of sampling, or its last minute where it is not closed yet."""
    if outlet.flow is None:
        return None
    found = statistics.of(connection, hour, outlet=outlet.id, names=names).get(outlet.flow)
    if found is not None:
        return found
    minutes = statistics.between(
        connection, Period(Kind.MINUTE, hour.start), hour.end, outlet.id, names
    )
    return next((row for row in reversed(minutes) if row.factor == outlet.flow), None)
