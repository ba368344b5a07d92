"""How contacts of treatment equipment stood, and when nobody knew."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_COLUMNS = "input, facility, outlet, means, level, start, seen_at, ended_at"


@dataclass(frozen=True, slots=True)
class Standing:
    """A contact that stood one way for a while; `ended_at` is None while it does."""

    input: str
    facility: str
    outlet: str
    means: str
    level: bool
    start: float
    seen_at: float
    ended_at: float | None

    @property
    def until(self) -> float:
        """Up to when it is known."""
        return self.seen_at if self.ended_at is None else self.ended_at


def note(connection: sqlite3.Connection, standing: Standing) -> None:
    """Write down that a contact stands so from `start` on; one that did already goes on."""
    row = connection.execute(
        "SELECT level, facility, outlet, means FROM states WHERE input = ? AND ended_at IS NULL",
        (standing.input,),
    ).fetchone()
    place = (standing.facility, standing.outlet, standing.means)
    if row is not None and (bool(row[0]), row[1:]) == (standing.level, place):
        return
    end(connection, standing.input, at=standing.start)
    connection.execute(
        f"INSERT INTO states ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        (standing.input, *place, int(standing.level), standing.start, standing.start),
    )


def end(connection: sqlite3.Connection, input_: str, *, at: float) -> None:
    """End how a contact stood, at a moment from which on it stands otherwise or nobody knows."""
    connection.execute(
        "UPDATE states SET ended_at = max(start, ?) WHERE input = ? AND ended_at IS NULL",
        (at, input_),
    )


def seen(connection: sqlite3.Connection, now: float) -> None:
    """Note that whatever lasts still does."""
    connection.execute(
        "UPDATE states SET seen_at = ? WHERE ended_at IS NULL AND seen_at < ?", (now, now)
    )


def break_off(connection: sqlite3.Connection, input_: str | None = None) -> int:
    """End what lasts, of one contact or of all, at the moment it was last known; gives how many.

    At a start nobody knows what was between.
    """
    return connection.execute(
        "UPDATE states SET ended_at = max(start, seen_at)"
        " WHERE ended_at IS NULL AND (? IS NULL OR input = ?)",
        (input_, input_),
    ).rowcount


def lasting(connection: sqlite3.Connection) -> list[Standing]:
    """Give how every contact stands now."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM states WHERE ended_at IS NULL ORDER BY id")
    return [_standing(row) for row in rows]


def between(
    connection: sqlite3.Connection, start: float, end: float, *, outlet: str
) -> list[Standing]:
    """Give how the contacts of an outlet stood at any moment of [start, end)."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM states WHERE outlet = ? AND start < ?"
        " AND (ended_at IS NULL OR ended_at > ?) ORDER BY start, id",
        (outlet, end, start),
    )
    return [_standing(row) for row in rows]


def earliest(connection: sqlite3.Connection, outlet: str) -> float | None:
    """Give since when anything is known of an outlet's equipment."""
    row = connection.execute("SELECT min(start) FROM states WHERE outlet = ?", (outlet,)).fetchone()
    return None if row[0] is None else float(row[0])


def _standing(row: tuple[object, ...]) -> Standing:
    input_, facility, outlet, means, level, start, seen_at, ended_at = row
    return Standing(
        str(input_),
        str(facility),
        str(outlet),
        str(means),
        bool(level),
        float(start),  # type: ignore[arg-type]  # REAL of a STRICT table
        float(seen_at),  # type: ignore[arg-type]  # as above
        None if ended_at is None else float(ended_at),  # type: ignore[arg-type]  # as above
    )
