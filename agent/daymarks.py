"""Looks once a night at what the day before says of marks: automatic ones, proposals, quotas.

Reading is done apart, so that nobody waits for it; what was found is written in one commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from agent import marking
from agent.clock import Clock
from agent.desk import Desk
from agent.marks import Record
from agent.model import Kind, Period
from agent.plan import Plan
from agent.store import cursors, series
from agent.store.db import Store

CURSOR = "marks"
DAYS = 31
"""Days that are caught up with after a long absence; older samples are gone soon anyway."""
_AGENT = "agent"


async def look_at_days(plan: Plan, store: Store, clock: Clock) -> int:
    """Look at the days that ended since last time; gives how many. None is looked at twice."""
    today = Period.holding(Kind.DAY, clock.now()).start
    known = await store.read(lambda connection: cursors.get(connection, CURSOR))
    start = max(known or today - 86_400, today - DAYS * 86_400)
    looked = 0
    while start < today:
        day = Period(Kind.DAY, start)
        for outlet in plan.outlets:
            found = await store.read_apart(_looking(plan, outlet, day, clock.now()))
            await store.write(_storing(plan, outlet, day, found, clock.now()))
        start, looked = day.end, looked + 1
        await store.write(lambda connection, at=start: cursors.put(connection, CURSOR, at))  # type: ignore[misc]
    return looked


def _looking(
    plan: Plan, outlet: str, day: Period, now: float
) -> Callable[[sqlite3.Connection], list[Record]]:
    def job(connection: sqlite3.Connection) -> list[Record]:
        desk = Desk(connection, plan, series.load(connection), now)
        return marking.look(desk, outlet, day.start, day.end)

    return job


def _storing(
    plan: Plan, outlet: str, day: Period, found: list[Record], now: float
) -> Callable[[sqlite3.Connection], None]:
    def job(connection: sqlite3.Connection) -> None:
        desk = Desk(connection, plan, series.load(connection), now)
        marking.store_all(desk, found, by=_AGENT, why="day closed")
        marking.resettle(desk, outlet, day.end - 60)

    return job
