"""The night's work: sums up the days gone by, then gives up what is older than its time.

A little at a time, and each of it is counted and journalled (architecture §3.12, §3.13).
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial

from agent.clock import Clock
from agent.metrics import Metrics
from agent.plan import Plan
from agent.reconciling import reconcile
from agent.store import abandoned, frame_packs, journal, outbox
from agent.store.db import Store
from agent.store.frozen_rows import free_parts

log = logging.getLogger(__name__)

DAY_S = 86_400
HOUR_S = 3600
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
    " WHERE state <> 'open' AND cn IN ('2011', '2021') AND created_at < ? LIMIT ?)"
)
_SENT = _REAL_TIME.replace("cn IN", "cn NOT IN")
_RESULTS = (
    "DELETE FROM measurements WHERE id IN"
    " (SELECT id FROM measurements WHERE received_at < ? LIMIT ?)"
)
_EVENTS = "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE ended_at < ? LIMIT ?)"
_ACTIONS = "DELETE FROM actions WHERE id IN (SELECT id FROM actions WHERE finished_at < ? LIMIT ?)"
_FRAMES = "DELETE FROM frames WHERE id IN (SELECT id FROM frames WHERE last_at < ? LIMIT ?)"
_COMMANDS = (
    "DELETE FROM commands WHERE id IN"
    " (SELECT id FROM commands WHERE received_at < ? AND done_at IS NOT NULL LIMIT ?)"
)
_DIGESTS = (
    "DELETE FROM digests WHERE (day, station, outlet, kind) IN"
    " (SELECT day, station, outlet, kind FROM digests WHERE day < ? LIMIT ?)"
)
_DEVICE_CHECKS = (
    "DELETE FROM device_checks WHERE (device, kind, at) IN"
    " (SELECT device, kind, at FROM device_checks WHERE seen_at < ? LIMIT ?)"
)
_HOLDS = "DELETE FROM holds WHERE id IN (SELECT id FROM holds WHERE released_at < ? LIMIT ?)"
_BUNDLES = "DELETE FROM bundles WHERE id IN (SELECT id FROM bundles WHERE done_at < ? LIMIT ?)"
_SWITCHES = (
    "DELETE FROM maintenance WHERE id IN (SELECT id FROM maintenance WHERE ended_at < ? LIMIT ?)"
)
_ORDERS = (
    "DELETE FROM orders WHERE id IN"
    " (SELECT id FROM orders WHERE state <> 'received' AND done_at < ? LIMIT ?)"
)
_SUPERVISION = (  # with answers and files; one that waits for its answer stays
    "DELETE FROM supervision WHERE id IN (SELECT id FROM supervision WHERE received_at < ?"
    " AND (answered_at IS NOT NULL OR deadline_at IS NULL OR reminded = 100) LIMIT ?)"
)
_BOTTLES = "DELETE FROM bottles WHERE id IN (SELECT id FROM bottles WHERE gone_at < ? LIMIT ?)"
_DEBTS = (
    "DELETE FROM deliveries WHERE (station, cn, start, st, revision) IN"
    " (SELECT station, cn, start, st, revision FROM deliveries"
    "  WHERE state <> 'open' AND start < ? LIMIT ?)"
)
_COLUMNS = (
    "DELETE FROM columns WHERE (kind, start, series, col) IN"
    " (SELECT kind, start, series, col FROM columns WHERE start < ? LIMIT ?)"
)
_MARKS = "DELETE FROM marks WHERE id IN (SELECT id FROM marks WHERE end < ? LIMIT ?)"
_VALUES = _MARKS.replace("marks", "manual_values")
_CHECKS = _MARKS.replace("marks", "checks")
_ALARMS = _EVENTS.replace("events", "alarms").replace("ended_at", "acknowledged_at")
_SILENCES = _EVENTS.replace("events", "silences")
_DEDUCTIONS = _MARKS.replace("marks", "deductions").replace("end <", "at <")
_STATES = _MARKS.replace("marks", "states").replace("end <", "ended_at <")
_SUBSTITUTES = (
    "DELETE FROM substitutes WHERE (kind, start, series, revision) IN"
    " (SELECT kind, start, series, revision FROM substitutes WHERE start < ? LIMIT ?)"
)
_FAULTS = _MARKS.replace("marks", "faults").replace("end <", "closed_at <")


async def drop_stale(plan: Plan, store: Store, clock: Clock, metrics: Metrics) -> None:
    """Give up real-time uploads that are too old to send (`rtd_keep_h`), and count them."""
    now = clock.now()
    for station in plan.stations.values():
        before = now - station.destination.rtd_keep_h * 3600
        dropped = await store.write(_dropping(station.id, before, now))
        metrics.dropped.labels("real_time").inc(dropped)


async def upkeep(plan: Plan, store: Store, clock: Clock, metrics: Metrics) -> None:
    """Sum up the days, drop what is too old to send, then prune what outlived its days."""
    await drop_stale(plan, store, clock, metrics)
    await reconcile(plan, store, clock)
    now = clock.now()
    await _abandon(plan, store, metrics, now=now)
    for what, statement, before in _due(plan, now, clock.monotonic()):
        # each commit says what it took: a crash leaves no rows gone that the journal still seals
        while gone := await store.write(_pruning(what, statement, before, now)):
            metrics.dropped.labels(what).inc(gone)
    await _keep_share(plan, store, metrics, now=now)
    if not store.room.tight:  # others would take what we give back
        await store.write(_vacuum)


async def _abandon(plan: Plan, store: Store, metrics: Metrics, *, now: float) -> None:
    """Give up uploads that are still owed when the values they were made of go."""
    storage = plan.site.storage
    for minutes, days in ((True, storage.minutes_days), (False, storage.years * 366)):
        job = partial(_abandoning, minutes=minutes, before=now - days * DAY_S, now=now)
        while gone := await store.write(job):
            metrics.dropped.labels("abandoned").inc(gone)


async def _keep_share(plan: Plan, store: Store, metrics: Metrics, *, now: float) -> None:
    """Keep the message log within the room it may take; days may have to go before their time."""
    most = plan.site.storage.frames_mb * 1_000_000
    gone = 0
    while chunk := await store.write(partial(frame_packs.drop_above, bytes_=most, limit=CHUNK)):
        gone += chunk
    if gone:
        metrics.dropped.labels("frames").inc(gone)
        log.warning("the message log is larger than frames_mb: %d rows gone before time", gone)
        await store.write(_noting("frames beyond frames_mb", gone, now, now))


def _due(plan: Plan, now: float, mono: float) -> Iterator[tuple[str, str, float]]:
    """Give what to prune: its name, the statement, and from when on it stays."""
    # whole hours and days: what the journal sealed together goes together
    storage, hour, day = plan.site.storage, now // HOUR_S * HOUR_S, now // DAY_S * DAY_S
    yield "frames", _FRAMES, now - storage.frames_days * DAY_S
    yield "samples", _SAMPLES, hour - storage.samples_days * DAY_S
    yield "untimed", _UNTIMED, mono - storage.samples_days * DAY_S
    yield "minutes", _MINUTES, hour - storage.minutes_days * DAY_S
    years = day - storage.years * 366 * DAY_S
    yield "statistics", _LONGER, years
    yield "results", _RESULTS, years
    yield "events", _EVENTS, years
    yield "actions", _ACTIONS, years
    yield "deliveries", _DEBTS, years
    yield "commands", _COMMANDS, years
    yield "digests", _DIGESTS, years
    yield "columns", _COLUMNS, years
    yield "marks", _MARKS, years
    yield "manual_values", _VALUES, years
    yield "checks", _CHECKS, years
    yield "faults", _FAULTS, years
    yield "alarms", _ALARMS, years
    yield "silences", _SILENCES, years
    yield "deductions", _DEDUCTIONS, years
    yield "states", _STATES, years
    yield "substitutes", _SUBSTITUTES, years
    yield "device_checks", _DEVICE_CHECKS, years
    yield "maintenance", _SWITCHES, years
    yield "orders", _ORDERS, years
    yield "supervision", _SUPERVISION, years
    yield "bottles", _BOTTLES, years
    yield "holds", _HOLDS, years
    yield "bundles", _BUNDLES, years
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


def _abandoning(connection: sqlite3.Connection, *, minutes: bool, before: float, now: float) -> int:
    total = 0
    for station, cn, uploads in abandoned.abandon(connection, before, minutes=minutes, limit=CHUNK):
        detail = {"station": station, "cn": cn, "uploads": uploads, "before": before}
        journal.add(connection, "uploads abandoned", detail, at=now)
        total += uploads
    return total


def _pruning(
    what: str, statement: str, before: float, now: float
) -> Callable[[sqlite3.Connection], int]:
    def job(connection: sqlite3.Connection) -> int:
        # holds are looked at in each commit: one may come while we prune
        for sql, since, until in free_parts(connection, what, statement, before):
            rows = connection.execute(sql, (until, CHUNK)).rowcount
            if rows:
                _noting(what, rows, until, now, since=since)(connection)
                return rows
        return 0

    return job


def _noting(
    what: str, rows: int, before: float, now: float, *, since: float = -math.inf
) -> Callable[[sqlite3.Connection], str]:
    detail = {"what": what, "rows": rows, "before": before}
    if since > -math.inf:
        detail["since"] = since
    return lambda connection: journal.add(connection, "pruned", detail, at=now)


def _vacuum(connection: sqlite3.Connection) -> None:
    """Give room back to the disk, a page a statement: sqlite3 takes only its first step."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(min(int(free), VACUUM_PAGES)):
        connection.execute("PRAGMA incremental_vacuum(1)")
