"""Clock epochs: one more for each step of the wall clock, so that labels can be told apart."""

from __future__ import annotations

import sqlite3


def current(connection: sqlite3.Connection) -> int:
    """Give the clock epoch in force; 0 before the first step."""
    row = connection.execute("SELECT max(epoch) FROM clock_steps").fetchone()
    return int(row[0] or 0)


def add(connection: sqlite3.Connection, *, at: float, step_s: float, boot: str) -> int:
    """Begin a new epoch and give its number."""
    epoch = current(connection) + 1
    connection.execute("INSERT INTO clock_steps VALUES (?, ?, ?, ?)", (epoch, at, step_s, boot))
    return epoch
