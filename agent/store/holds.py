"""Intervals frozen as evidence: while a hold is open, nobody prunes what lies in it (§3.12)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """One frozen interval, UTC epoch seconds; `end` is exclusive, None until it is released.

    `ref` is its identity: the same freeze ordered twice is one. An empty `outlet` means all.
    """

    id: int
    ref: str
    outlet: str
    start: int
    end: int | None
    why: str
    source: str
    made_by: str
    made_at: float


_COLUMNS = "id, ref, outlet, start, end, why, source, made_by, made_at"


def add(connection: sqlite3.Connection, hold: Hold) -> bool:
    """Freeze an interval (the number given is not used); False when that ref was there before."""
    row = connection.execute(
        "INSERT OR IGNORE INTO holds (ref, outlet, start, end, why, source, made_by, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            hold.ref,
            hold.outlet,
            hold.start,
            hold.end,
            hold.why,
            hold.source,
            hold.made_by,
            hold.made_at,
        ),
    )
    return row.rowcount == 1


def open_ones(connection: sqlite3.Connection) -> list[Hold]:
    """Give what is frozen now, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM holds WHERE released_at IS NULL ORDER BY id")
    return [Hold(*row) for row in rows]


def release(connection: sqlite3.Connection, ref: str, *, at: float, by: str, why: str) -> bool:
    """Let go of an interval; False when it was not frozen."""
    row = connection.execute(
        "UPDATE holds SET released_at = ?, released_by = ?, release_why = ?"
        " WHERE ref = ? AND released_at IS NULL",
        (at, by, why, ref),
    )
    return row.rowcount == 1
