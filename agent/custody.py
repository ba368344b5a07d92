"""Kept bottles from filling to hand-over: a row each, and who may let one go (SMP-07, SMP-09).

What was kept for an exceedance or an order is released by an inspector or by a platform, not by
the one who discharges. Everything runs in the transaction of its cause.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from agent.plan import Plan
from agent.settings.equipment import SamplerSettings
from agent.store import bottles, events
from agent.store.actions import Action
from agent.store.bottles import Bottle
from agent.telling import tell
from drivers.device import RetentionRecord, SamplerStatus
from protocols.hj212.times import wire_time

UNGUARDED = frozenset({"manual", "timed", "synchronous"})
"""Why a bottle was kept that whoever works at the site may let go."""
CLEARED = "retention_cleared"


def mode_of(action: Action) -> str:
    """Say why an order keeps a bottle."""
    asked = "immediate" if action.cause == "platform" else "exceedance"
    return str(action.request.get("mode") or asked)


def note_bottles(
    connection: sqlite3.Connection,
    plan: Plan,
    action: Action,
    record: RetentionRecord,
    *,
    status: SamplerStatus | None,
    now: float,
) -> None:
    """Write down the bottles of a retention; what stood in their places is gone."""
    request, mode = action.request, mode_of(action)
    sampler = plan.site.sampler_of(request["outlet"])
    factors = _factors(connection, action)
    vessel = request.get("vessel") or (status.vessel if status else None) or ""
    holding_s = holding_h(sampler, [str(one["factor"]) for one in factors]) * 3600.0
    before = {one.bottle: one for one in bottles.there(connection, action.device)}
    for filled in record.filled:
        ref = f"{action.ref}#{filled.bottle}"
        if (old := before.get(filled.bottle)) is not None and old.ref != ref:
            note_gone(connection, plan, [old], why="another took its place", now=now)
        bottles.add(
            connection,
            Bottle(
                id=0,
                ref=ref,
                code=f"{request['outlet']}-{wire_time(record.at)}-{filled.bottle:02d}",
                sampler=action.device,
                bottle=filled.bottle,
                outlet=request["outlet"],
                mode=mode,
                factors=factors,
                sampled_at=request.get("sampled_at"),
                kept_at=record.at,
                noted_at=now,
                vessel=vessel,
                volume_ml=filled.volume_ml,
                temperature=status.temperature_c if status else None,
                action=action.id,
                guarded=mode not in UNGUARDED or bool(request.get("guarded")),
                keep_until=now + holding_s,
            ),
        )


def holding_h(sampler: SamplerSettings | None, factors: Sequence[str]) -> float:
    """Give how long a bottle is good, in hours: the shortest of its factors."""
    if sampler is None:
        return 24.0
    found = [
        sampler.holding_h
        if (one := sampler.factors.get(code)) is None or one.holding_h is None
        else one.holding_h
        for code in factors
    ]
    return min(found, default=sampler.holding_h)


def note_gone(
    connection: sqlite3.Connection, plan: Plan, found: Sequence[Bottle], *, why: str, now: float
) -> None:
    """Note bottles that are not there any more; one that nobody released is told."""
    for one in found:
        bottles.gone(connection, one.id, at=now)
        if one.released_at is None:
            tell(
                connection,
                plan,
                CLEARED,
                {**told(one), "why": why},
                ref=f"{CLEARED}:{one.id}",
                at=now,
                now=now,
                outlet=one.outlet,
            )


def told(one: Bottle) -> dict[str, Any]:
    """Give what events say of a bottle."""
    return {
        "code": one.code,
        "sampler": one.sampler,
        "bottle": one.bottle,
        "mode": one.mode,
        "guarded": one.guarded,
        "kept_at": one.kept_at,
    }


def _factors(connection: sqlite3.Connection, action: Action) -> tuple[dict[str, Any], ...]:
    """Give what the order was for, and what else was beyond its limit in that hour."""
    request = action.request
    found: dict[str, dict[str, Any]] = {}
    if request.get("factor"):
        value = {"value": request.get("value"), "limit": request.get("limit")}
        found[request["factor"]] = {"factor": request["factor"], **value}
    elif request.get("asked_for"):
        found[request["asked_for"]] = {"factor": request["asked_for"], "value": None, "limit": None}
    for event in events.all_open(connection, "exceedance"):
        state = event.detail.get("state", {})
        same_hour = state.get("last_at") == request.get("sampled_at")
        if event.outlet == request["outlet"] and same_hour and event.factor not in found:
            value = {"value": state.get("worst"), "limit": state.get("limit")}
            found[event.factor] = {"factor": event.factor, **value}
    return tuple(found.values())
