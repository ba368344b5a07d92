"""What is owed to platforms. Rows hold messages; bytes are made with the credentials of the day."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from agent.model import EVENT, Upload, Urgency

REAL_TIME_CN = "2011"
LIVE_CNS = (REAL_TIME_CN, "2021")
"""Uploads of a moment, values and states: of no use later, they are dropped after `rtd_keep_h`."""
LONGEST_WAIT_S = 3600.0
"""No row waits longer than this: one that would has its time from a clock that ran ahead."""
LONGEST_PHASE_S = 300.0
"""No row is to wait longer than this for its first send: the longest `send_window_s`."""
_WORST = ("rejected", "dropped", "unconfirmed")


@dataclass(frozen=True, slots=True)
class Row:
    """One packet that is owed."""

    id: int
    station: str
    cn: str
    st: str
    at: int
    revision: int
    pno: int
    pnum: int
    qn_ms: int
    urgency: int
    answer: bool
    body: str
    created_at: float
    not_before: float
    attempts: int
    outcome: str = ""
    """Why it was not delivered before, or who asked for it again."""

    @property
    def live_from(self) -> float:
        """Since when it could go out. Waiting for the send phase makes nothing late."""
        return self.created_at if self.attempts else max(self.created_at, self.not_before)


_COLUMNS = (
    "id, station, cn, st, at, revision, pno, pnum, qn_ms, class, answer, body,"
    " created_at, not_before, attempts, outcome"
)
# as `_identity`
_THIS = "id = ? AND station = ? AND cn = ? AND st = ? AND at = ? AND revision = ? AND pno = ?"
# as `Row.live_from`
_LIVE_FROM = "CASE WHEN attempts THEN created_at ELSE max(created_at, not_before) END"
# a row from a time that is still to come waits for nothing: the clock went back since
_DUE = (
    "(not_before <= :now OR (created_at > :now AND NOT attempts)"
    f" OR not_before > :now + {LONGEST_WAIT_S})"
)


def next_qn(connection: sqlite3.Connection, station: str, now: float) -> int:
    """Allot the next request number (milliseconds); it never returns or goes back."""
    row = connection.execute("SELECT last_ms FROM qn WHERE station = ?", (station,)).fetchone()
    number = max(int(now * 1000), row[0] + 1 if row else 0)
    connection.execute(
        "INSERT INTO qn VALUES (?, ?)"
        " ON CONFLICT (station) DO UPDATE SET last_ms = excluded.last_ms",
        (station, number),
    )
    return number


def add(
    connection: sqlite3.Connection,
    station: str,
    upload: Upload,
    *,
    now: float,
    not_before: float | None = None,
    since: float | None = None,
) -> bool:
    """Owe an upload to a station; False when that very upload is or was already owed.

    `since`: from when on it would have been owed; what is from long ago is backlog at once.
    """
    created_at = now if since is None else since
    known = connection.execute(
        "SELECT 1 FROM outbox WHERE station = ? AND cn = ? AND st = ? AND at = ? AND revision = ?",
        (station, upload.cn, upload.st, upload.at, upload.revision),
    ).fetchone()
    if known or not _owe(connection, station, upload):
        return False
    insert(connection, station, upload, now=now, created_at=created_at, not_before=not_before)
    return True


def insert(
    connection: sqlite3.Connection,
    station: str,
    upload: Upload,
    *,
    now: float,
    created_at: float,
    not_before: float | None = None,
    outcome: str = "",
) -> None:
    """Lay the packets of an upload; whoever calls has noted the debt."""
    qn_ms = 0
    for number, body in enumerate(upload.packets, start=1):
        if number == 1 or not upload.shared_qn:
            qn_ms = next_qn(connection, station, now)
        connection.execute(
            "INSERT INTO outbox (station, cn, st, at, revision, pno, pnum, qn_ms, class,"
            " answer, body, created_at, not_before, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                station,
                upload.cn,
                upload.st,
                upload.at,
                upload.revision,
                number,
                len(upload.packets),
                qn_ms,
                int(upload.urgency),
                int(upload.answer),
                body,
                created_at,
                created_at if not_before is None else not_before,
                outcome,
            ),
        )


def _owe(connection: sqlite3.Connection, station: str, upload: Upload) -> bool:
    """Note the debt where it outlives the outbox; real-time frames and events do not."""
    if upload.cn in (*LIVE_CNS, EVENT):
        return True
    row = connection.execute(
        "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?, 'open')",
        (station, upload.cn, upload.at, upload.st, upload.revision),
    )
    return row.rowcount == 1


def to_send(
    connection: sqlite3.Connection,
    station: str,
    *,
    now: float,
    live_s: float,
    limit: int,
    busy: Collection[int] = (),
) -> list[Row]:
    """Give the next rows: alarms oldest first, then live newest first. `busy` ids are left out."""
    # each half finds its rows by `outbox_live`: a long backlog is not looked through for them
    owed = f"SELECT {_COLUMNS} FROM outbox WHERE station = :station AND state = 'open' AND {_DUE}"
    rows = connection.execute(
        f"SELECT * FROM ({owed} AND class <= :alarm UNION ALL {owed} AND class = :live"
        f" AND created_at > :late - {LONGEST_PHASE_S} AND {_LIVE_FROM} > :late)"
        " ORDER BY class, CASE WHEN class <= :alarm THEN id ELSE -at END, qn_ms, pno LIMIT :limit",
        _asked(station, now, live_s, limit + len(busy)),
    )
    return [row for row in map(_row, rows) if row.id not in busy][:limit]


def backlog(
    connection: sqlite3.Connection,
    station: str,
    *,
    now: float,
    live_s: float,
    limit: int,
    busy: Collection[int] = (),
    asked_only: bool = False,
) -> list[Row]:
    """Give the oldest rows that are no longer live; with `asked_only` those somebody asked for."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE station = :station AND state = 'open'"
        # the plus keeps the order of `outbox_open`, of which the first rows are enough
        f" AND {_DUE} AND +class > :least AND (+class = :asked OR {_LIVE_FROM} <= :late)"
        " ORDER BY at, qn_ms, pno LIMIT :limit",
        {
            **_asked(station, now, live_s, limit + len(busy)),
            "asked": Urgency.ASKED,
            "least": Urgency.LIVE if asked_only else Urgency.ALARM,
        },
    )
    return [row for row in map(_row, rows) if row.id not in busy][:limit]


def kept(connection: sqlite3.Connection, row: Row, *, not_before: float, outcome: str = "") -> None:
    """Put off what could not be delivered now, at most by `LONGEST_WAIT_S`; others go on.

    The other packets of the upload wait with it: they go in their order.
    """
    connection.execute(
        "UPDATE outbox SET not_before = ?, outcome = ?, attempts = attempts + 1"
        " WHERE state = 'open'"
        " AND station = ? AND cn = ? AND at = ? AND st = ? AND revision = ?",
        (not_before, outcome, row.station, row.cn, row.at, row.st, row.revision),
    )


def renumber(connection: sqlite3.Connection, row: Row, *, now: float) -> Row:
    """Give a row a request number that was never used (`qn_on_resend: fresh`)."""
    number = next_qn(connection, row.station, now)
    connection.execute(f"UPDATE outbox SET qn_ms = ? WHERE {_THIS}", (number, *_identity(row)))
    return replace(row, qn_ms=number)


def done(connection: sqlite3.Connection, row: Row, state: str, *, outcome: str, now: float) -> None:
    """Close a row as accepted, unconfirmed, rejected or dropped, and its debt with the last one.

    The worst of its packets speaks for the upload. What was closed meanwhile (given up, or its
    answer came late) stays as it is, unless the platform says now that it has it.
    """
    changed = connection.execute(
        "UPDATE outbox SET state = ?, outcome = ?, done_at = ?, attempts = attempts + 1"
        f" WHERE {_THIS} AND (state = 'open' OR (? = 'accepted' AND state <> 'accepted'))",
        (state, outcome, now, *_identity(row), state),
    ).rowcount
    if not changed and _there(connection, row):
        return
    upload = (row.station, row.cn, row.at, row.st, row.revision)
    packets = connection.execute(
        "SELECT DISTINCT state FROM outbox"
        " WHERE station = ? AND cn = ? AND at = ? AND st = ? AND revision = ?",
        upload,
    )
    states = {state, *(found for (found,) in packets)}
    if "open" not in states:
        connection.execute(
            "UPDATE deliveries SET state = ?"
            " WHERE station = ? AND cn = ? AND start = ? AND st = ? AND revision = ?",
            (next((one for one in _WORST if one in states), state), *upload),
        )


def drop_old_real_time(connection: sqlite3.Connection, station: str, before: float) -> int:
    """Give up real-time uploads older than `before`; says how many, the caller counts them."""
    return connection.execute(
        "UPDATE outbox SET state = 'dropped', outcome = 'older than rtd_keep'"
        " WHERE station = ? AND state = 'open' AND cn IN (?, ?) AND at < ?",
        (station, *LIVE_CNS, before),
    ).rowcount


def _identity(row: Row) -> tuple[int, str, str, str, int, int, int]:
    """Give what is sure to be this row: a number alone is given again once its row is deleted."""
    return row.id, row.station, row.cn, row.st, row.at, row.revision, row.pno


def _there(connection: sqlite3.Connection, row: Row) -> bool:
    return bool(
        connection.execute(f"SELECT 1 FROM outbox WHERE {_THIS}", _identity(row)).fetchone()
    )


@dataclass(frozen=True, slots=True)
class Depth:
    """How many packets one station is owed, and the oldest of their DataTimes."""

    open: int
    oldest_at: int | None


def depth(connection: sqlite3.Connection, station: str) -> Depth:
    """Count what a station is owed."""
    row = connection.execute(
        "SELECT count(*), min(at) FROM outbox WHERE station = ? AND state = 'open'", (station,)
    ).fetchone()
    return Depth(*row)


def states(connection: sqlite3.Connection, station: str) -> Sequence[tuple[str, str, int]]:
    """Count a station's rows as (command code, state, number)."""
    return connection.execute(
        "SELECT cn, state, count(*) FROM outbox WHERE station = ? GROUP BY cn, state", (station,)
    ).fetchall()


def _asked(station: str, now: float, live_s: float, limit: int) -> dict[str, object]:
    late = now - live_s
    return {
        "station": station,
        "now": now,
        "late": late,
        "alarm": Urgency.ALARM,
        "live": Urgency.LIVE,
        "limit": limit,
    }


def _row(values: tuple[object, ...]) -> Row:
    fields = list(values)
    fields[10] = bool(fields[10])
    return Row(*fields)  # type: ignore[arg-type]  # the columns are those of the STRICT table
