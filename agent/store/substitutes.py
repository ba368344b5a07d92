"""Mass that stands for lost mass, beside the reported rows. What was reckoned first stays."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

_NUMBERS = re.compile(r"[0-9.]+")
KEPT_ITSELF = ""
"""The reason of a row that says that its period is lost no more."""


@dataclass(frozen=True, slots=True)
class Substitute:
    """What stands for one lost hour (gas) or day (water); `mass` None: the rules give none.

    Of a period that turned out not to be lost the reason is `KEPT_ITSELF`.
    """

    start: int
    mass: float | None
    reason: str
    revision: int = 0
    made_at: float = 0.0


def between(
    connection: sqlite3.Connection, kind: str, series: int, start: int, end: int
) -> dict[int, Substitute]:
    """Give the newest substitutes of one series in [start, end) by start. `kind` 1h or 1d."""
    rows = connection.execute(
        "SELECT start, mass, reason, revision, made_at FROM substitutes"
        " WHERE kind = ? AND series = ? AND start >= ? AND start < ? ORDER BY start, revision",
        (kind, series, start, end),
    )
    return {row[0]: Substitute(*row) for row in rows}


def _says(one: Substitute) -> tuple[float | None, str]:
    """Give what a row comes to: a capture rate that moved by itself changes nothing of it."""
    return one.mass, _NUMBERS.sub("", one.reason)


def put(
    connection: sqlite3.Connection,
    kind: str,
    series: int,
    found: Substitute,
    *,
    before: Substitute | None,
    now: float,
) -> bool:
    """Store a substitute beside the one before it; False when it says the same."""
    if before is not None and _says(before) == _says(found):
        return False
    revision = 0 if before is None else before.revision + 1
    connection.execute(
        "INSERT INTO substitutes VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, found.start, series, revision, found.mass, found.reason, now),
    )
    return True
