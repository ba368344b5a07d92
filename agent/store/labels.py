"""What agencies call an outlet: its risk class, and labels in eight families."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

RISK = "risk"
"""Stands where a label has its family."""


def put(
    connection: sqlite3.Connection,
    outlet: str,
    family: str,
    values: Iterable[str],
    *,
    source: str,
    ref: str,
    now: float,
) -> None:
    """Let the labels of one family be these, as far as this source goes; none takes them off."""
    connection.execute(
        "DELETE FROM labels WHERE outlet = ? AND source = ? AND family = ?",
        (outlet, source, family),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO labels VALUES (?, ?, ?, ?, ?, ?)",
        ((outlet, source, family, value, now, ref) for value in values),
    )


def of(connection: sqlite3.Connection, outlet: str) -> dict[str, list[str]]:
    """Give the labels of an outlet by family, whoever said so, each once."""
    found: dict[str, list[str]] = {}
    for family, value in connection.execute(
        "SELECT DISTINCT family, value FROM labels WHERE outlet = ? ORDER BY family, value",
        (outlet,),
    ):
        found.setdefault(family, []).append(value)
    return found
