"""What platforms set at run time beside secrets: it wins until the file's own value changes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from agent.settings.overriding import Override


def put(connection: sqlite3.Connection, override: Override) -> None:
    """Set one; what the same platform set before gives way."""
    connection.execute(
        "INSERT OR REPLACE INTO overrides VALUES (?, ?, ?, ?, ?, ?)",
        (
            override.station,
            override.name,
            json.dumps(override.value),
            json.dumps(override.file),
            override.set_at,
            override.source,
        ),
    )


def load(connection: sqlite3.Connection) -> tuple[Override, ...]:
    """Give all of them."""
    rows = connection.execute(
        "SELECT station, name, value, file, set_at, source FROM overrides ORDER BY station, name"
    )
    return tuple(
        Override(station, name, json.loads(value), json.loads(file), set_at, source)
        for station, name, value, file, set_at, source in rows
    )


def forget(connection: sqlite3.Connection, gone: Iterable[Override]) -> None:
    """Drop those over which the file won."""
    connection.executemany(
        "DELETE FROM overrides WHERE station = ? AND name = ?",
        [(one.station, one.name) for one in gone],
    )
