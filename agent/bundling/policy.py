"""Which bundles are sent without being asked for: those of the kinds of events that settings name.

An event is looked at once, by its number; those from before the setting was made are left alone.
"""

from __future__ import annotations

import sqlite3

from agent.plan import Plan
from agent.store import bundles, cursors, journal
from agent.store.bundles import Bundle

CURSOR = "events with bundles"
BEFORE_S = 2 * 3600.0
AT_ONCE = 200
SOURCE = "policy"


def has_news(connection: sqlite3.Connection, plan: Plan) -> bool:
    """Say whether there is anything to be written: looking is done all the time."""
    last = cursors.get(connection, CURSOR)
    if not plan.site.evidence.upload:
        return last is not None
    return last != _newest(connection)


def ask_by_policy(connection: sqlite3.Connection, plan: Plan, *, now: float) -> int:
    """Ask for the bundles of new events; gives how many. Call inside a write transaction."""
    settings = plan.site.evidence
    last = cursors.get(connection, CURSOR)
    if not settings.upload:
        connection.execute("DELETE FROM cursors WHERE name = ?", (CURSOR,))
        return 0
    if last is None:
        cursors.put(connection, CURSOR, _newest(connection))
        return 0
    found = connection.execute(
        "SELECT id, kind, at, outlet FROM events WHERE id > ? ORDER BY id LIMIT ?", (last, AT_ONCE)
    ).fetchall()
    asked = 0
    for number, kind, at, outlet in found:
        if kind in settings.upload:
            asked += _ask(connection, plan, number, kind, at=at, outlet=outlet, now=now)
    cursors.put(connection, CURSOR, found[-1][0] if found else _newest(connection))
    return asked


def _newest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def _ask(
    connection: sqlite3.Connection, plan: Plan, number: int, kind: str, *, at: float, outlet: str,
    now: float,
) -> int:  # fmt: skip
    not_before = max(at, now) + plan.site.evidence.wait_s
    asked = 0
    for station in plan.stations.values():
        if station.destination.transport != "mqtt":
            continue
        if outlet and all(one.id != outlet for one in station.outlets):
            continue
        ref = f"event-{number}"
        one = Bundle(
            0, station.id, ref, at - BEFORE_S, not_before, number, None, kind, SOURCE, now,
            not_before,
        )  # fmt: skip
        if bundles.ask(connection, one):
            asked += 1
            detail: dict[str, object] = {"ref": ref, "station": station.id, "event": number}
            journal.add(connection, "evidence asked for", {**detail, "why": kind}, at=now)
    return asked
