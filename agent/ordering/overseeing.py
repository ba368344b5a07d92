"""Sees to supervision orders that last: reminds of deadlines, and keeps the receipt of answers.

Deadlines are wall time, so a restart changes nothing; what was reminded of is in the row.
"""

from __future__ import annotations

import logging
import sqlite3

from agent.clock import Clock
from agent.model import EVENT
from agent.ordering import notices
from agent.ordering.supervision import KIND
from agent.plan import Plan
from agent.store import supervision
from agent.store.db import Store
from agent.store.supervision import Answer, Supervised

log = logging.getLogger(__name__)

REMIND_AT = (50, 90, 100)
"""Percent of its time at which an unanswered order is told of; the last is its end (SUP-05)."""
_STATES = (
    "SELECT state, coalesce(done_at, 0), outcome FROM outbox"
    " WHERE station = ? AND cn = ? AND at = ? AND revision = ?"
)


async def oversee(plan: Plan, store: Store, clock: Clock) -> int:
    """Look once; gives how many notices are owed since."""
    now = clock.now()
    due, receipts = await store.read(lambda connection: _look(connection, now))
    if not due and not receipts:
        return 0

    def job(connection: sqlite3.Connection) -> int:
        for one, receipt, at in receipts:
            supervision.receive(connection, one, receipt=receipt, at=at, now=now)
        return sum(_remind(connection, plan, one, now) for one in due)

    return await store.write(job)


def _look(
    connection: sqlite3.Connection, now: float
) -> tuple[list[Supervised], list[tuple[Answer, str, float | None]]]:
    due = [one for one in supervision.waiting(connection) if percent_due(one, now)]
    return due, _receipts(connection, supervision.unreceived(connection))


def percent_due(one: Supervised, now: float) -> int:
    """Give the percentage that is to be told of now; 0 when nothing is."""
    if one.deadline_at is None or one.answered_at is not None:
        return 0
    whole = max(1.0, one.deadline_at - one.received_at)
    gone = (now - one.received_at) / whole * 100
    return max((each for each in REMIND_AT if one.reminded < each <= gone), default=0)


def _remind(connection: sqlite3.Connection, plan: Plan, seen: Supervised, now: float) -> int:
    one = supervision.get(connection, seen.id)
    percent = 0 if one is None else percent_due(one, now)
    if one is None or not percent:
        return 0  # answered meanwhile
    supervision.reminded(connection, one.id, percent)
    step = "overdue" if percent == 100 else "reminder"
    detail = {
        "step": step,
        "ref": one.ref,
        "supervision": one.id,
        "number": one.number,
        "level": one.level,
        "percent": percent,
        "deadline_at": one.deadline_at,
    }
    ref = f"{KIND}:{one.station}:{one.ref}:{percent}"
    number = notices.note(connection, KIND, detail, ref=ref, now=now, outlet=one.outlet)
    log.warning("supervision %s of %s: %d %% of its time is gone", one.number, one.station, percent)
    if number is None:
        return 0
    notices.alarm(connection, plan, number, KIND, now=now, outlet=one.outlet)
    station = plan.stations.get(one.station)
    if station is None or not station.hears(KIND):
        return 0
    notices.owe(connection, one.station, number, KIND, detail, now=now, outlet=one.outlet)
    return 1


def _receipts(
    connection: sqlite3.Connection, unreceived: list[Answer]
) -> list[tuple[Answer, str, float | None]]:
    """Give what is settled and when it was taken; None where the platform has refused a part."""
    found = []
    for one in unreceived:
        order = supervision.get(connection, one.supervision)
        assert order is not None, "an answer goes with its order"
        rows = [
            row
            for at, revision in one.uploads
            for row in connection.execute(_STATES, (order.station, EVENT, at, revision))
        ]
        if not rows or any(state == "open" for state, _, _ in rows):
            continue
        worst = next((row for row in rows if row[0] != "accepted"), rows[-1])
        taken = worst[0] in ("accepted", "unconfirmed")
        receipt = f"{worst[0]}: {worst[2]}"
        found.append((one, receipt, max(at for _, at, _ in rows) if taken else None))
    return found
