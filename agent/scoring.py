"""Sums up every night how each outlet stands: new deductions, then one statement a day.

The last 31 days are looked at anew, since a mark may still excuse them: what is no longer so is
taken back. What is older stands. The statement is an event `score_statement`, sent only where a
destination asks for `score`.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from agent.clock import Clock
from agent.deducted import deducted
from agent.health import Deduction, Statement, statement, year_before
from agent.model import Kind, Period
from agent.plan import Plan
from agent.store import deductions, labels, series
from agent.store.db import Store
from agent.telling import tell

STATEMENT, FACT = "score_statement", "score_fact"
DAYS = 31
SHOWN = 100
"""Deductions a statement names one by one, the newest; the sums count all."""


async def score_outlets(plan: Plan, store: Store, clock: Clock) -> int:
    """Look at every outlet once; gives how many deductions are new."""
    today = Period.holding(Kind.DAY, clock.now()).start
    new = 0
    for outlet in plan.outlets:
        found = await store.read_apart(_looking(plan, outlet, today))
        new += await store.write(_settling(plan, outlet, found, today, clock.now()))
    return new


def _looking(
    plan: Plan, outlet: str, today: int
) -> Callable[[sqlite3.Connection], list[Deduction]]:
    def job(connection: sqlite3.Connection) -> list[Deduction]:
        names = series.load(connection)
        return deducted(connection, plan, names, outlet, today - DAYS * 86_400, today)

    return job


def _settling(
    plan: Plan, outlet: str, found: list[Deduction], today: int, now: float
) -> Callable[[sqlite3.Connection], int]:
    def job(connection: sqlite3.Connection) -> int:
        based = [_with_event(connection, plan, one, now) for one in found]
        start = today - DAYS * 86_400
        new, _ = deductions.settle(connection, outlet, based, start=start, end=today, now=now)
        tell(
            connection,
            plan,
            STATEMENT,
            detail(connection, outlet, now),
            ref=f"{STATEMENT}:{outlet}:{today}",
            at=now,
            now=now,
            outlet=outlet,
        )
        return len(new)

    return job


def _with_event(
    connection: sqlite3.Connection, plan: Plan, one: Deduction, now: float
) -> Deduction:
    """Give a deduction an event of its own where none told of its cause; each rests on one."""
    if one.events:
        return one
    ref = f"{FACT}:{one.ref}"
    fact = {"deduction": one.kind.value, "text": one.text}
    tell(connection, plan, FACT, fact, ref=ref, at=one.at, now=now, outlet=one.outlet)
    (number,) = connection.execute("SELECT id FROM events WHERE ref = ?", (ref,)).fetchone()
    return dataclasses.replace(one, events=(int(number),))


def standing(connection: sqlite3.Connection, outlet: str, now: float) -> Statement:
    """Give how an outlet stands now."""
    return statement(deductions.counting(connection, outlet, year_before(now)), now=now)


def detail(connection: sqlite3.Connection, outlet: str, now: float) -> dict[str, Any]:
    """Give the statement of an outlet as the event and `paikou score --json` have it."""
    stands = standing(connection, outlet, now)
    said = labels.of(connection, outlet)
    risk = said.pop(labels.RISK, [])
    return {
        "points": stands.points,
        "since": stands.since,
        "count": len(stands.deductions),
        "sums": {
            kind.value: {"count": count, "points": points}
            for kind, (count, points) in stands.sums().items()
        },
        "deductions": [
            {
                "id": one.id,
                "kind": one.kind.value,
                "at": one.at,
                "points": one.points,
                "events": list(one.events),
                "source": one.source,
                "text": one.text,
            }
            for one in stands.deductions[:SHOWN]
        ],
        "risk": risk,
        "labels": said,
    }


def shown(connection: sqlite3.Connection, plan: Plan, now: float) -> Iterator[dict[str, Any]]:
    """Give points and labels of every outlet in short, for whoever looks at the daemon."""
    for outlet in plan.outlets:
        stands = standing(connection, outlet, now)
        said = labels.of(connection, outlet)
        yield {
            "outlet": outlet,
            "points": stands.points,
            "count": len(stands.deductions),
            "risk": said.pop(labels.RISK, []),
            "labels": said,
        }
