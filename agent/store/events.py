"""Events: what happened, once each, open until it ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One event row. `ended_at` is None while it lasts."""

    id: int
    ref: str
    kind: str
    at: float
    outlet: str
    factor: str
    ended_at: float | None
    detail: dict[str, Any]


_COLUMNS = "id, ref, kind, at, outlet, factor, ended_at, detail"


def add(
    connection: sqlite3.Connection,
    kind: str,
    detail: Mapping[str, object],
    *,
    ref: str,
    at: float,
    outlet: str = "",
    factor: str = "",
    ended_at: float | None = None,
) -> int | None:
    """Store an event and give its id; None when the same fact (`ref`) is already there."""
    row = connection.execute(
        "INSERT OR IGNORE INTO events (ref, kind, at, outlet, factor, ended_at, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (ref, kind, at, outlet, factor, ended_at, json.dumps(detail, ensure_ascii=False)),
    )
    return row.lastrowid if row.rowcount == 1 else None


def known(connection: sqlite3.Connection, ref: str) -> bool:
    """Say whether that fact was told before."""
    row = connection.execute("SELECT 1 FROM events WHERE ref = ?", (ref,)).fetchone()
    return row is not None


def open_ones(
    connection: sqlite3.Connection, kind: str, *, outlet: str, factor: str
) -> list[Event]:
    """Give the events of that kind which last for this outlet and factor, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE kind = ? AND outlet = ? AND factor = ?"
        " AND ended_at IS NULL ORDER BY id DESC",
        (kind, outlet, factor),
    )
    return [_event(row) for row in rows]


def all_open(connection: sqlite3.Connection, kind: str) -> list[Event]:
    """Give the events of that kind that last, wherever they are, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE kind = ? AND ended_at IS NULL ORDER BY id DESC",
        (kind,),
    )
    return [_event(row) for row in rows]


def last(connection: sqlite3.Connection, kind: str, *, outlet: str, factor: str) -> Event | None:
    """Give the newest event of that kind for this outlet and factor, ended or not."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE kind = ? AND outlet = ? AND factor = ?"
        " ORDER BY id DESC LIMIT 1",
        (kind, outlet, factor),
    ).fetchone()
    return _event(row) if row else None


def update(connection: sqlite3.Connection, event: int, detail: Mapping[str, object]) -> None:
    """Write a lasting event's new state."""
    connection.execute(
        "UPDATE events SET detail = ? WHERE id = ?",
        (json.dumps(detail, ensure_ascii=False), event),
    )


def end(connection: sqlite3.Connection, event: int, at: float) -> None:
    """Mark an event as over."""
    connection.execute("UPDATE events SET ended_at = ? WHERE id = ?", (at, event))


def newest(connection: sqlite3.Connection, limit: int = 50) -> list[Event]:
    """Give the newest events, newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM events ORDER BY id DESC LIMIT ?", (limit,))
    return [_event(row) for row in rows]


def between(connection: sqlite3.Connection, begin: float, end: float) -> list[Event]:
    """Give the events that lasted at some moment of [begin, end), oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE at < ? AND (ended_at IS NULL OR ended_at >= ?)"
        " ORDER BY at, id",
        (end, begin),
    )
    return [_event(row) for row in rows]


def find(connection: sqlite3.Connection, number: int) -> Event | None:
    """Give one event by its id."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM events WHERE id = ?", (number,)).fetchone()
    return _event(row) if row else None


def _event(row: tuple[Any, ...]) -> Event:
    number, ref, kind, at, outlet, factor, ended_at, detail = row
    return Event(number, ref, kind, at, outlet, factor, ended_at, json.loads(detail))
