"""Gives up what is older than its time (architecture §3.12), a little at a time, and says so."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator

from agent.clock import Clock
from agent.metrics import Metrics
from agent.plan import Plan
from agent.store import journal, outbox
from agent.store.db import Store

log = logging.getLogger(__name__)

DAY_S = 86_400
CHUNK = 5000
"""Rows deleted in one commit, so that nobody waits long for the writer."""
VACUUM_PAGES = 2000
SENT_DAYS = 30
SENT_REAL_TIME_DAYS = 1

_SAMPLES = (
    "DELETE FROM samples WHERE key IN"
    " (SELECT key FROM samples WHERE key < (CAST(? AS INTEGER) * 1000) << 16 LIMIT ?)"
)
# A row of an earlier boot is older than this boot, so its age is at least the time up to now.
_UNTIMED = (
    "DELETE FROM untimed WHERE (boot, mono_ms, device) IN"
    " (SELECT boot, mono_ms, device FROM untimed WHERE mono_ms < ? * 1000 LIMIT ?)"
)
_MINUTES = (
    "DELETE FROM statistics WHERE (kind, start, series, revision) IN"
    " (SELECT kind, start, series, revision FROM statistics"
    "  WHERE kind GLOB '*m' AND start < ? LIMIT ?)"  # LIKE would take 1M for a minute
)
_LONGER = _MINUTES.replace("GLOB '*m'", "IN ('1h', '1d', '1M')")
_REAL_TIME = (
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox"
    " WHERE state <> 'open' AND cn = '2011' AND created_at < ? LIMIT ?)"
)
_SENT = _REAL_TIME.replace("cn = '2011'", "cn <> '2011'")
_RESULTS = (
    "DELETE FROM measurements WHERE id IN"
    " (SELECT id FROM measurements WHERE received_at < ? LIMIT ?)"
)
_EVENTS = "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE ended_at < ? LIMIT ?)"
_ACTIONS = "DELETE FROM actions WHERE id IN (SELECT id FROM actions WHERE finished_at < ? LIMIT ?)"
_CHECKS = (
    "DELETE FROM device_checks WHERE (device, kind, at) IN"
    " (SELECT device, kind, at FROM device_checks WHERE seen_at < ? LIMIT ?)"
)
_SWITCHES = (
    "DELETE FROM maintenance WHERE id IN (SELECT id FROM maintenance WHERE ended_at < ? LIMIT ?)"
)
_DEBTS = (
    "DELETE FROM deliveries WHERE (station, cn, start, st, revision) IN"
    " (SELECT station, cn, start, st, revision FROM deliveries"
    "  WHERE state <> 'open' AND start < ? LIMIT ?)"
)


async def drop_stale(plan: Plan, store: Store, clock: Clock, metrics: Metrics) -> None:
    """Give up real-time uploads that are too old to send (`rtd_keep_h`), and count them."""
    now = clock.now()
    for station in plan.stations.values():
        before = now - station.destination.rtd_keep_h * 3600
        dropped = await store.write(_dropping(station.id, before, now))
        metrics.dropped.labels("real_time").inc(dropped)


async def upkeep(plan: Plan, store: Store, clock: Clock, metrics: Metrics) -> None:
    """Drop what is too old to send, then prune what outlived its days."""
    await drop_stale(plan, store, clock, metrics)
    now = clock.now()
    for what, statement, before in _due(plan, now, clock.monotonic()):
        gone = 0
        while chunk := await store.write(_deleting(statement, before)):
            gone += chunk
        if gone:
            metrics.dropped.labels(what).inc(gone)
            await store.write(_noting(what, gone, before, now))
    await store.write(_vacuum)


def _due(plan: Plan, now: float, mono: float) -> Iterator[tuple[str, str, float]]:
    """Give what to prune: its name, the statement, and from when on it stays."""
    storage = plan.site.storage
    yield "samples", _SAMPLES, now - storage.samples_days * DAY_S
    yield "untimed", _UNTIMED, mono - storage.samples_days * DAY_S
    yield "minutes", _MINUTES, now - storage.minutes_days * DAY_S
    years = now - storage.years * 366 * DAY_S
    yield "statistics", _LONGER, years
    yield "results", _RESULTS, years
    yield "events", _EVENTS, years
    yield "actions", _ACTIONS, years
    yield "deliveries", _DEBTS, years
    yield "device_checks", _CHECKS, years
    yield "maintenance", _SWITCHES, years
    yield "sent_real_time", _REAL_TIME, now - SENT_REAL_TIME_DAYS * DAY_S
    yield "sent", _SENT, now - SENT_DAYS * DAY_S


def _dropping(station: str, before: float, now: float) -> Callable[[sqlite3.Connection], int]:
    def job(connection: sqlite3.Connection) -> int:
        dropped = outbox.drop_old_real_time(connection, station, before)
        if dropped:
            detail = {"station": station, "rows": dropped, "before": before}
            journal.add(connection, "real-time uploads dropped", detail, at=now)
        return dropped

    return job


def _deleting(statement: str, before: float) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: connection.execute(statement, (before, CHUNK)).rowcount


def _noting(what: str, rows: int, before: float, now: float) -> Callable[[sqlite3.Connection], str]:
    detail = {"what": what, "rows": rows, "before": before}
    return lambda connection: journal.add(connection, "pruned", detail, at=now)


def _vacuum(connection: sqlite3.Connection) -> None:
    """Give room back to the disk, a page a statement: sqlite3 takes only its first step."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(min(int(free), VACUUM_PAGES)):
        connection.execute("PRAGMA incremental_vacuum(1)")
