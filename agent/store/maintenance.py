"""The maintenance switch (维护/停产): what a person, or a key, says of an outlet right now."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switched:
    """One switch that is or was on. An empty `factor` means every factor of the outlet.

    `kind`: maintenance, stopped or calibration. `source`: operator, or the input of a key switch.
    """

    id: int
    outlet: str
    factor: str
    kind: str
    who: str
    why: str
    source: str
    began_at: float
    until: float


_COLUMNS = "id, outlet, factor, kind, who, why, source, began_at, until"


def add(connection: sqlite3.Connection, switched: Switched) -> int:
    """Write down that a switch was turned on; gives its number (the one given is not used)."""
    row = connection.execute(
        "INSERT INTO maintenance (outlet, factor, kind, who, why, source, began_at, until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            switched.outlet,
            switched.factor,
            switched.kind,
            switched.who,
            switched.why,
            switched.source,
            switched.began_at,
            switched.until,
        ),
    )
    return int(row.lastrowid or 0)


def open_ones(connection: sqlite3.Connection) -> list[Switched]:
    """Give what is switched on, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM maintenance WHERE ended_at IS NULL ORDER BY id"
    )
    return [Switched(*row) for row in rows]


def end(connection: sqlite3.Connection, switch: int, *, at: float, by: str) -> bool:
    """Write down that a switch is off; False when it was off before."""
    row = connection.execute(
        "UPDATE maintenance SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL",
        (at, by, switch),
    )
    return row.rowcount == 1
