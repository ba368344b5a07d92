"""Requests that came down, a row each: repeated, one is answered again and does nothing twice."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One request: what it was, what was answered, and whether its end was told.

    `exe_rtn` is None while it is not done; `action` is the order to a device that it became;
    `told_at` when its 9012 (2012, 2022: its 9013) went out. `request` holds no secret.
    """

    id: int
    station: str
    qn: str
    cn: str
    st: str
    effect: str
    request: str
    received_at: float
    qn_rtn: int
    exe_rtn: int | None
    action: int | None
    done_at: float | None
    told_at: float | None
    repeats: int
    outcome: str


_COLUMNS = (
    "id, station, qn, cn, st, effect, request, received_at, qn_rtn, exe_rtn, action, done_at,"
    " told_at, repeats, outcome"
)


def add(
    connection: sqlite3.Connection,
    station: str,
    *,
    qn: str,
    cn: str,
    st: str,
    effect: str,
    request: str,
    qn_rtn: int,
    now: float,
) -> tuple[Command, bool]:
    """Note a request that will run; gives its row and whether it is new.

    One that was there before gets its repetition counted.
    """
    new = connection.execute(
        "INSERT OR IGNORE INTO commands"
        " (station, qn, cn, st, effect, request, received_at, qn_rtn)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (station, qn, cn, st, effect, request, now, qn_rtn),
    ).rowcount
    if not new:
        connection.execute(
            "UPDATE commands SET repeats = repeats + 1 WHERE station = ? AND qn = ? AND cn = ?",
            (station, qn, cn),
        )
    found = find(connection, station, qn=qn, cn=cn)
    assert found is not None, "it was put there by this very transaction"
    return found, bool(new)


def find(connection: sqlite3.Connection, station: str, *, qn: str, cn: str) -> Command | None:
    """Give a request by what makes it the same."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM commands WHERE station = ? AND qn = ? AND cn = ?",
        (station, qn, cn),
    ).fetchone()
    return Command(*row) if row else None


def ordered(connection: sqlite3.Connection, command: int, action: int) -> None:
    """Note which order to a device a request became."""
    connection.execute("UPDATE commands SET action = ? WHERE id = ?", (action, command))


def done(
    connection: sqlite3.Connection, command: int, exe_rtn: int, *, outcome: str, now: float
) -> None:
    """Note how a request ended; the first end stands."""
    connection.execute(
        "UPDATE commands SET exe_rtn = ?, outcome = ?, done_at = ?"
        " WHERE id = ? AND exe_rtn IS NULL",
        (exe_rtn, outcome, now, command),
    )


def told(connection: sqlite3.Connection, command: int, *, now: float) -> None:
    """Note that the end of a request was told."""
    connection.execute("UPDATE commands SET told_at = ? WHERE id = ?", (now, command))


def untold(connection: sqlite3.Connection, station: str) -> list[Command]:
    """Give what changed something and whose end the platform has not been told, oldest first.

    Answers to what only reads belong to their connection and end with it.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM commands"
        " WHERE station = ? AND told_at IS NULL AND effect <> 'read' ORDER BY id LIMIT 64",
        (station,),
    )
    return [Command(*row) for row in rows]


def interrupted(connection: sqlite3.Connection, station: str) -> list[Command]:
    """Give what was begun on an earlier connection and neither ended nor became an order."""
    return [
        one for one in untold(connection, station) if one.exe_rtn is None and one.action is None
    ]
