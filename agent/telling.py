"""Writes an event down and owes it to every platform that subscribed to its kind.

Inside the transaction of whatever caused it; the journal gets a line for what an inspector asks,
what is to be seen is filmed, and what a person has to take note of is an alarm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Literal

from agent import report
from agent.clips import FILMED, order_clips
from agent.plan import Plan
from agent.report import EventNotice
from agent.store import alarms, events, journal, maintenance, outbox

State = Literal["opened", "closed", "told"]


def tell(
    connection: sqlite3.Connection,
    plan: Plan,
    kind: str,
    detail: Mapping[str, Any],
    *,
    ref: str,
    at: float,
    now: float,
    outlet: str = "",
    factor: str = "",
    lasts: bool = False,
    alarm: bool = True,
) -> int | None:
    """Store an event and owe its notice; None when the same fact was told before.

    `lasts`: it stays open until `closed` ends it. `alarm`: where its kind is one, nobody needs to
    take note of this one when False.
    """
    number = events.add(
        connection,
        kind,
        detail,
        ref=ref,
        at=at,
        outlet=outlet,
        factor=factor,
        ended_at=None if lasts else at,
    )
    if number is None:
        return None
    notice = EventNotice(
        id=number,
        kind=kind,
        at=at,
        outlet=outlet,
        factor=factor,
        state="opened" if lasts else "told",
        detail=dict(detail),
    )
    _owe(connection, plan, notice, now)
    journal.add(connection, f"event {kind}", {"id": number, **detail}, at=now)
    level = plan.site.alarms.level(kind) if alarm else None
    if level is not None:
        alarms.raise_(
            connection,
            event=number,
            kind=kind,
            outlet=outlet,
            factor=factor,
            level=level,
            at=now,
        )
    if kind in FILMED:
        order_clips(connection, plan, kind, detail, outlet=outlet, factor=factor, now=now)
    return number


def closed(
    connection: sqlite3.Connection, plan: Plan, event: events.Event, *, at: float, now: float
) -> None:
    """End a lasting event and owe the notice of its end."""
    events.end(connection, event.id, at)
    notice = EventNotice(
        id=event.id,
        kind=event.kind,
        at=at,
        outlet=event.outlet,
        factor=event.factor,
        state="closed",
        detail=event.detail,
    )
    _owe(connection, plan, notice, now)
    journal.add(connection, f"event {event.kind} ended", {"id": event.id}, at=now)


def circumstances(
    connection: sqlite3.Connection, plan: Plan, outlet: str, factor: str
) -> dict[str, Any]:
    """Say how the door stood and whether maintenance was switched on; None where not known."""
    places = {outlet, ""}  # a door without outlet is that of the whole house
    doors = [one for one in plan.site.inputs if one.means == "door" and plan.at(one) in places]
    is_open = any(one.outlet in places for one in events.all_open(connection, "door"))
    door = ("open" if is_open else "closed") if doors else None
    on = next(
        (
            one.kind
            for one in maintenance.open_ones(connection)
            if one.outlet == outlet and one.factor in ("", factor)
        ),
        None,
    )
    return {"door": door, "maintenance": on}


def _owe(connection: sqlite3.Connection, plan: Plan, notice: EventNotice, now: float) -> None:
    upload = report.event(notice)
    for station in plan.stations.values():
        concerned = not notice.outlet or any(one.id == notice.outlet for one in station.outlets)
        if concerned and station.hears(notice.kind) and now >= (station.since or 0.0):
            outbox.add(connection, station.id, upload, now=now)
