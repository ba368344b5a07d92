"""Looks each hour at the last day for what a falsified record looks like (AF-01…19).

Reading is done apart, so that nobody waits for it. What is found becomes one lasting event
`falsification` for each outlet, factor, rule and cause, with samples, count and first date: local,
and sent only where a destination asks for that kind. It never touches a value or a flag.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from agent import watch
from agent.clock import Clock
from agent.contradicting import contradictions
from agent.model import Kind, Period
from agent.plan import Plan
from agent.settings.outlet import Outlet
from agent.store import cursors, events, filed, series
from agent.store.db import Store
from agent.telling import closed, tell
from agent.watch import Finding
from agent.watched import findings_of, look_at

EVENT = "falsification"
CURSOR = "watch"


async def watch_outlets(plan: Plan, store: Store, clock: Clock) -> int:
    """Look at every outlet whose watch is on, once an hour; gives how many were looked at."""
    now = clock.now()
    hour = Period.holding(Kind.HOUR, now).start
    known = await store.read(lambda connection: cursors.get(connection, CURSOR))
    if known is not None and known >= hour:
        return 0
    wanted = [one for one in plan.site.outlets if one.watch.on and one.id in plan.outlets]
    for outlet in wanted:
        await store.write(_filing(outlet, now))
        found = await store.read_apart(_looking(plan, outlet, hour))
        await store.write(_telling(plan, outlet, found, now))
    await store.write(lambda connection: cursors.put(connection, CURSOR, hour))
    return len(wanted)


def _looking(
    plan: Plan, outlet: Outlet, hour: int
) -> Callable[[sqlite3.Connection], list[Finding]]:
    def job(connection: sqlite3.Connection) -> list[Finding]:
        names = series.load(connection)
        look = look_at(connection, plan, outlet, hour, names=names)
        found = [*findings_of(look), *contradictions(look)]
        return sorted(found, key=lambda one: one.start)

    return job


def _filing(outlet: Outlet, now: float) -> Callable[[sqlite3.Connection], bool]:
    parameters = outlet.watch.filed
    sha256 = watch.filed_hash(parameters)
    return lambda at: filed.note(at, outlet.id, parameters, sha256=sha256, now=now)


def _telling(
    plan: Plan, outlet: Outlet, found: Iterable[Finding], now: float
) -> Callable[[sqlite3.Connection], None]:
    def job(connection: sqlite3.Connection) -> None:
        for one in found:
            _tell(connection, plan, outlet, one, now)
        for factor in ("", *plan.outlets[outlet.id].factors):
            _close_quiet(connection, plan, outlet, factor, now)

    return job


def _tell(
    connection: sqlite3.Connection, plan: Plan, outlet: Outlet, one: Finding, now: float
) -> None:
    """Open a case, or add to the one that is open for this cause."""
    for event in events.open_ones(connection, EVENT, outlet=outlet.id, factor=one.factor):
        if (event.detail["rule"], event.detail["cause"]) == (one.rule, one.cause):
            group = watch.grouped(event.detail, one)
            if group is not None:
                events.update(connection, event.id, group.detail())
            return
    tell(
        connection,
        plan,
        EVENT,
        watch.begun(one).detail(),
        ref=f"{EVENT}:{outlet.id}:{one.factor}:{one.rule}:{one.cause}:{one.start:.0f}",
        at=one.start,
        now=now,
        outlet=outlet.id,
        factor=one.factor,
        lasts=True,
    )


def _close_quiet(
    connection: sqlite3.Connection, plan: Plan, outlet: Outlet, factor: str, now: float
) -> None:
    """End the cases that did not come back for `quiet_days`."""
    before = now - outlet.watch.quiet_days * 86_400
    for event in events.open_ones(connection, EVENT, outlet=outlet.id, factor=factor):
        last = float(event.detail["last"])
        if last < before:
            closed(connection, plan, event, at=last, now=now)
