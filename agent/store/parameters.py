"""Settings of instruments as last read, and what their checks of themselves came to."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """One setting as an instrument has it. A time is epoch seconds, in unit `time`.

    `since` is when this value was first read, `seen_at` when it was last read.
    """

    device: str
    name: str
    value: float
    text: str
    unit: str
    since: float
    seen_at: float


def of(connection: sqlite3.Connection, device: str) -> dict[str, Kept]:
    """Give the settings of one instrument by name."""
    rows = connection.execute(
        "SELECT device, name, value, text, unit, since, seen_at FROM parameters"
        " WHERE device = ? ORDER BY name",
        (device,),
    )
    return {row[1]: Kept(*row) for row in rows}


def put(connection: sqlite3.Connection, kept: Kept) -> None:
    """Write down a setting, new or as it is now."""
    connection.execute(
        "INSERT OR REPLACE INTO parameters VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kept.device, kept.name, kept.value, kept.text, kept.unit, kept.since, kept.seen_at),
    )


def seen(connection: sqlite3.Connection, device: str, names: list[str], at: float) -> None:
    """Note that these settings were read again and are as they were."""
    connection.executemany(
        "UPDATE parameters SET seen_at = ? WHERE device = ? AND name = ?",
        [(at, device, name) for name in names],
    )


def add_check(
    connection: sqlite3.Connection,
    *,
    device: str,
    kind: str,
    at: float | None,
    value: float | None,
    unit: str,
    now: float,
) -> bool:
    """Write down the result of a check; False when it is the one that is known.

    Without a time of its own a result is new when its value is.
    """
    if at is None:
        last = connection.execute(
            "SELECT value FROM device_checks WHERE device = ? AND kind = ?"
            " ORDER BY seen_at DESC LIMIT 1",
            (device, kind),
        ).fetchone()
        if last is not None and last[0] == value:
            return False
    row = connection.execute(
        "INSERT OR IGNORE INTO device_checks VALUES (?, ?, ?, ?, ?, ?)",
        (device, kind, now if at is None else at, value, unit, now),
    )
    return row.rowcount == 1


def checks_known(connection: sqlite3.Connection, device: str, kind: str) -> int:
    """Count the results of a kind of check that were ever read from an instrument."""
    row = connection.execute(
        "SELECT count(*) FROM device_checks WHERE device = ? AND kind = ?", (device, kind)
    ).fetchone()
    return int(row[0])
