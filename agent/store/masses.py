"""Masses of hours and days of one factor as the second column has them: after marks."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent.model import Cause

_ROWS = (
    "SELECT s.start, CASE WHEN c.kind IS NULL THEN s.cou ELSE c.cou END,"
    " coalesce(c.valid, s.valid), coalesce(c.cause, s.cause), coalesce(c.due, s.due)"
    " FROM statistics s LEFT JOIN columns c ON c.kind = s.kind AND c.start = s.start"
    " AND c.series = s.series AND c.col = 'marks'"
    " WHERE s.kind = ? AND s.series = ? AND s.start >= ? AND s.start < ?"
    " ORDER BY s.start, s.revision"
)


@dataclass(frozen=True, slots=True)
class Mass:
    """One hour or day: its mass where the row is valid, and the cause where it is not."""

    start: int
    mass: float | None
    cause: Cause
    due: int


def between(
    connection: sqlite3.Connection, kind: str, series: int, start: int, end: int
) -> dict[int, Mass]:
    """Give the masses of one series in [start, end) by start, newest revision. `kind` 1h or 1d."""
    return {
        at: Mass(at, mass if valid else None, Cause(cause), due)
        for at, mass, valid, cause, due in connection.execute(_ROWS, (kind, series, start, end))
    }
