"""Which period each closer owes next. Moved in the same commit that closed the one before."""

from __future__ import annotations

import sqlite3


def get(connection: sqlite3.Connection, name: str) -> int | None:
    """Give the start of the next period owed; None before the first."""
    row = connection.execute("SELECT next FROM cursors WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def put(connection: sqlite3.Connection, name: str, start: int) -> None:
    """Set the start of the next period owed."""
    connection.execute(
        "INSERT INTO cursors VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET next = excluded.next",
        (name, start),
    )
