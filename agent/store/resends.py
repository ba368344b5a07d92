"""Sending once more what was sent before: the same identity, and where it is kept the same text."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from agent.model import Upload, Urgency
from agent.store import outbox

_WHICH = "station = ? AND cn = ? AND st = ? AND at = ? AND revision = ?"


def owe_again(
    connection: sqlite3.Connection, station: str, upload: Upload, *, now: float, why: str
) -> bool:
    """Owe an upload once more that is in the outbox no longer; False when it is there and open.

    It has the identity it had; its number is a new one, the old one went with the row.
    """
    upload = replace(upload, urgency=Urgency.ASKED)
    key = (station, upload.cn, upload.st, upload.at, upload.revision)
    if reopen(connection, *key, why=why) is not None:
        return False
    connection.execute(  # what is left of it where one packet was pruned and another was not
        "DELETE FROM outbox WHERE station = ? AND cn = ? AND st = ? AND at = ? AND revision = ?",
        key,
    )
    # as old as its period: it goes as backlog, and says that it is late
    outbox.insert(connection, station, upload, now=now, created_at=float(upload.at), outcome=why)
    _reopen_debt(connection, *key)
    return True


def reopen(
    connection: sqlite3.Connection,
    station: str,
    cn: str,
    st: str,
    at: int,
    revision: int,
    *,
    why: str,
) -> int | None:
    """Owe an upload once more as it was sent: the same text, the same numbers.

    Gives how many packets go out again, 0 when all of it is owed anyway; None when it is in the
    outbox no longer, or not whole.
    """
    key = (station, cn, st, at, revision)
    packets = stored(connection, *key)
    if packets is not None:
        # an unconfirmed platform gets of its backlog only what somebody asked for
        connection.execute(
            f"UPDATE outbox SET class = ?, outcome = ? WHERE {_WHICH} AND state = 'open'",
            (int(Urgency.ASKED), why, *key),
        )
    if packets:
        connection.execute(
            "UPDATE outbox SET state = 'open', done_at = NULL, not_before = 0,"
            f" attempts = min(attempts, 1), class = ?, outcome = ? WHERE {_WHICH}"
            " AND state <> 'open'",
            (int(Urgency.ASKED), why, *key),
        )
        _reopen_debt(connection, *key)
    return packets


def stored(
    connection: sqlite3.Connection, station: str, cn: str, st: str, at: int, revision: int
) -> int | None:
    """Count the packets that `reopen` would owe once more; None as there."""
    there, whole, opened = connection.execute(
        f"SELECT count(*), max(pnum), coalesce(sum(state = 'open'), 0) FROM outbox WHERE {_WHICH}",
        (station, cn, st, at, revision),
    ).fetchone()
    if opened and opened == there:
        return 0
    return int(there - opened) if there == whole else None


def _reopen_debt(
    connection: sqlite3.Connection, station: str, cn: str, st: str, at: int, revision: int
) -> None:
    connection.execute(
        "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, 'open')"
        " ON CONFLICT DO UPDATE SET state = 'open'",
        (station, cn, at, st, revision),
    )
