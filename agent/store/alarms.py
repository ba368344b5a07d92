"""Alarms and silences. An alarm stays one row until a person acknowledges it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm; times are UTC epoch seconds.

    `event` raised it first, `last_event` is the newest of the same kind and place, `times` how many
    there were. It was said `said` times again, last at `said_at`. `lasts`: that event is not over.
    """

    id: int
    event: int
    kind: str
    outlet: str
    factor: str
    level: str
    raised_at: float
    last_event: int
    last_at: float
    times: int
    said: int
    said_at: float
    acknowledged_by: str | None
    acknowledged_at: float | None
    why: str
    lasts: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """What is kept quiet until a moment; an empty kind or outlet means every one."""

    id: int
    kind: str
    outlet: str
    made_by: str
    why: str
    made_at: float
    until: float


_SELECT = (
    "SELECT a.id, a.event, a.kind, a.outlet, a.factor, a.level, a.raised_at, a.last_event,"
    " a.last_at, a.times, a.said, a.said_at, a.acknowledged_by, a.acknowledged_at, a.why,"
    " e.id IS NOT NULL AND e.ended_at IS NULL"
    " FROM alarms a LEFT JOIN events e ON e.id = a.last_event"
)


def raise_(
    connection: sqlite3.Connection,
    *,
    event: int,
    kind: str,
    outlet: str,
    factor: str,
    level: str,
    at: float,
) -> None:
    """Raise an alarm; one that nobody acknowledged yet counts one more and is said anew."""
    connection.execute(
        "INSERT INTO alarms (event, kind, outlet, factor, level, raised_at, last_event, last_at,"
        " said_at) VALUES (:event, :kind, :outlet, :factor, :level, :at, :event, :at, :at)"
        " ON CONFLICT (kind, outlet, factor) WHERE acknowledged_at IS NULL DO UPDATE SET"
        " last_event = :event, last_at = :at, times = times + 1, said = 0, said_at = :at",
        {
            "event": event,
            "kind": kind,
            "outlet": outlet,
            "factor": factor,
            "level": level,
            "at": at,
        },
    )


def open_ones(connection: sqlite3.Connection) -> list[Alarm]:
    """Give what nobody acknowledged, oldest first."""
    rows = connection.execute(f"{_SELECT} WHERE a.acknowledged_at IS NULL ORDER BY a.id")
    return [_alarm(row) for row in rows]


def newest(connection: sqlite3.Connection, limit: int) -> list[Alarm]:
    """Give the newest alarms, acknowledged or not, newest first."""
    rows = connection.execute(f"{_SELECT} ORDER BY a.id DESC LIMIT ?", (limit,))
    return [_alarm(row) for row in rows]


def said_again(connection: sqlite3.Connection, alarm: int, *, at: float) -> None:
    """Write down that an alarm was said once more."""
    connection.execute("UPDATE alarms SET said = said + 1, said_at = ? WHERE id = ?", (at, alarm))


def acknowledge(
    connection: sqlite3.Connection, alarm: int, *, by: str, why: str, at: float
) -> bool:
    """Write down that a person took note; False when somebody did before."""
    row = connection.execute(
        "UPDATE alarms SET acknowledged_by = ?, acknowledged_at = ?, why = ?"
        " WHERE id = ? AND acknowledged_at IS NULL",
        (by, at, why, alarm),
    )
    return row.rowcount == 1


def silence(connection: sqlite3.Connection, silence: Silence) -> int:
    """Keep something quiet; gives its number (the one given is not used)."""
    row = connection.execute(
        "INSERT INTO silences (kind, outlet, made_by, why, made_at, until)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            silence.kind,
            silence.outlet,
            silence.made_by,
            silence.why,
            silence.made_at,
            silence.until,
        ),
    )
    return int(row.lastrowid or 0)


def silences(connection: sqlite3.Connection) -> list[Silence]:
    """Give what is kept quiet, also what is over and was not ended yet, oldest first."""
    rows = connection.execute(
        "SELECT id, kind, outlet, made_by, why, made_at, until FROM silences"
        " WHERE ended_at IS NULL ORDER BY id"
    )
    return [Silence(*row) for row in rows]


def end_silence(connection: sqlite3.Connection, silence: int, *, by: str, at: float) -> bool:
    """End a silence; False when it was over."""
    row = connection.execute(
        "UPDATE silences SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL",
        (at, by, silence),
    )
    return row.rowcount == 1


def _alarm(row: tuple[Any, ...]) -> Alarm:
    values = [*row[:-1], bool(row[-1])]
    return Alarm(*values)
