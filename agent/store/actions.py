"""Orders to devices. At most once, never after their deadline, settled from the device's record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Action:
    """One order: what, why, until when, and how far it got.

    `not_after_mono` and `started_mono` say the same as `not_after` and `started_at` in monotonic
    seconds of the boot `boot`; None until `anchor` wrote them.
    """

    id: int
    ref: str
    device: str
    kind: str
    cause: str
    request: dict[str, Any]
    created_at: float
    not_after: float
    state: str
    started_at: float | None
    finished_at: float | None
    before: Any
    outcome: Any
    boot: str
    not_after_mono: float | None
    started_mono: float | None


_COLUMNS = (
    "id, ref, device, kind, cause, request, created_at, not_after, state, started_at,"
    " finished_at, before, outcome, boot, not_after_mono, started_mono"
)


def add(
    connection: sqlite3.Connection,
    *,
    ref: str,
    device: str,
    kind: str,
    cause: str,
    request: Mapping[str, object],
    now: float,
    not_after: float,
) -> int | None:
    """Queue an order and give its id; None when the same order (`ref`) was given before."""
    row = connection.execute(
        "INSERT OR IGNORE INTO actions"
        " (ref, device, kind, cause, request, created_at, not_after, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'queued')",
        (ref, device, kind, cause, json.dumps(request, ensure_ascii=False), now, not_after),
    )
    return row.lastrowid if row.rowcount == 1 else None


def open_ones(connection: sqlite3.Connection, device: str) -> list[Action]:
    """Give the orders of a device that are not finished, oldest first.

    One that ended without anybody knowing how is `unknown` and finished.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM actions WHERE device = ?"
        " AND state IN ('queued', 'running', 'unknown') AND finished_at IS NULL ORDER BY id",
        (device,),
    )
    return [_action(row) for row in rows]


def next_open(connection: sqlite3.Connection, device: str) -> Action | None:
    """Give the oldest order of a device that is not finished; probes wait for no other kind."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM actions WHERE device = ?"
        " AND state IN ('queued', 'running', 'unknown') AND finished_at IS NULL"
        " ORDER BY kind <> 'probe', id LIMIT 1",
        (device,),
    ).fetchone()
    return _action(row) if row else None


def anchor(connection: sqlite3.Connection, action: Action) -> None:
    """Write an order's monotonic times, which no step of the wall clock moves."""
    connection.execute(
        "UPDATE actions SET boot = ?, not_after_mono = ?, started_mono = ? WHERE id = ?",
        (action.boot, action.not_after_mono, action.started_mono, action.id),
    )


def get(connection: sqlite3.Connection, action: int) -> Action | None:
    """Give one order."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM actions WHERE id = ?", (action,)).fetchone()
    return _action(row) if row else None


def given(connection: sqlite3.Connection, ref: str) -> bool:
    """Say whether that order was ever given."""
    found = connection.execute("SELECT 1 FROM actions WHERE ref = ?", (ref,)).fetchone()
    return found is not None


def with_refs(connection: sqlite3.Connection, first: str, last: str) -> list[Action]:
    """Give the orders whose refs are in [first, last), oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM actions WHERE ref >= ? AND ref < ? ORDER BY id", (first, last)
    )
    return [_action(row) for row in rows]


def newest(connection: sqlite3.Connection, limit: int) -> list[Action]:
    """Give the newest orders, newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM actions ORDER BY id DESC LIMIT ?", (limit,))
    return [_action(row) for row in rows]


def between(connection: sqlite3.Connection, begin: float, end: float) -> list[Action]:
    """Give the orders that were given or settled in [begin, end), oldest first; no probes."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM actions WHERE kind <> 'probe' AND created_at < ?"
        " AND coalesce(finished_at, created_at) >= ? ORDER BY id",
        (end, begin),
    )
    return [_action(row) for row in rows]


def start(
    connection: sqlite3.Connection,
    action: int,
    *,
    before: object,
    now: float,
    mono: float | None = None,
) -> None:
    """Mark an order as running, with the device's record as it was before."""
    connection.execute(
        "UPDATE actions SET state = 'running', started_at = ?, started_mono = ?, before = ?"
        " WHERE id = ? AND state = 'queued'",
        (now, mono, json.dumps(before, ensure_ascii=False), action),
    )


def requeue(connection: sqlite3.Connection, action: int) -> None:
    """Put an order back that the device refused for now: nothing of it was done."""
    connection.execute(
        "UPDATE actions SET state = 'queued', started_at = NULL, started_mono = NULL"
        " WHERE id = ? AND state = 'running'",
        (action,),
    )


def finish(
    connection: sqlite3.Connection,
    action: int,
    state: str,
    *,
    outcome: Mapping[str, object],
    now: float,
) -> None:
    """Write how an order ended: done, failed, refused, expired or unknown."""
    connection.execute(
        "UPDATE actions SET state = ?, finished_at = ?, outcome = ? WHERE id = ?",
        (state, now, json.dumps(outcome, ensure_ascii=False), action),
    )


def doubt(connection: sqlite3.Connection, action: int) -> None:
    """Mark one order as unknown: sent, and not known to have run."""
    connection.execute("UPDATE actions SET state = 'unknown' WHERE id = ?", (action,))


def doubt_running(connection: sqlite3.Connection) -> int:
    """Turn what was running when the process died into unknown; says how many."""
    return connection.execute(
        "UPDATE actions SET state = 'unknown' WHERE state = 'running'"
    ).rowcount


def _action(row: tuple[Any, ...]) -> Action:
    fields = dict(zip(_COLUMNS.replace(" ", "").split(","), row, strict=True))
    for name in ("request", "before", "outcome"):
        fields[name] = json.loads(fields[name])
    return Action(**fields)
