"""What is owed to platforms. Rows hold messages; bytes are made with the credentials of the day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.model import EVENT, Upload, Urgency

REAL_TIME_CN = "2011"
LIVE_CNS = (REAL_TIME_CN, "2021")
"""Uploads of a moment, values and states: of no use later, they are dropped after `rtd_keep_h`."""
LONGEST_WAIT_S = 3600.0
"""No row waits longer than this: one that would has its time from a clock that ran ahead."""
LONGEST_PHASE_S = 300.0
"""No row is to wait longer than this for its first send: the longest `send_window_s`."""


class Row(NamedTuple):
    """One packet that is owed. A tuple: of a long backlog thousands are made a second."""

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
# as `Row.live_from`
_LIVE_FROM = "CASE WHEN attempts THEN created_at ELSE max(created_at, not_before) END"
# a row from a time that is still to come waits for nothing: the clock went back since
_DUE = (
    "(not_before <= :now OR (created_at > :now AND NOT attempts)"
    f" OR not_before > :now + {LONGEST_WAIT_S})"
)

_IDLE = "id NOT IN (SELECT value FROM json_each(:busy))"


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
    """Note the debt where it outlives the outbox."""
    if not _is_debt(upload.cn):
        return True
    row = connection.execute(
        "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?, 'open')",
        (station, upload.cn, upload.at, upload.st, upload.revision),
    )
    return row.rowcount == 1


def _is_debt(cn: str) -> bool:
    """Say whether it outlives the outbox; real-time frames and events do not."""
    return cn not in (*LIVE_CNS, EVENT)


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
    owed = (
        f"SELECT {_COLUMNS} FROM outbox WHERE station = :station AND state = 'open' AND {_DUE}"
        f" AND {_IDLE}"
    )
    rows = connection.execute(
        f"SELECT * FROM ({owed} AND class <= :alarm UNION ALL {owed} AND class = :live"
        f" AND created_at > :late - {LONGEST_PHASE_S} AND {_LIVE_FROM} > :late)"
        " ORDER BY class, CASE WHEN class <= :alarm THEN id ELSE -at END, qn_ms, pno LIMIT :limit",
        _asked(station, now, live_s, limit, busy=busy),
    )
    return [*map(Row._make, rows)]


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
        f" AND {_DUE} AND {_IDLE} AND +class > :least"
        f" AND (+class = :asked OR {_LIVE_FROM} <= :late)"
        " ORDER BY at, qn_ms, pno LIMIT :limit",
        {
            **_asked(station, now, live_s, limit, busy=busy),
            "asked": Urgency.ASKED,
            "least": Urgency.LIVE if asked_only else Urgency.ALARM,
        },
    )
    return [*map(Row._make, rows)]


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
    connection.execute(
        "UPDATE outbox SET qn_ms = ? WHERE id = ? AND station = ? AND cn = ? AND st = ? AND at = ?"
        " AND revision = ? AND pno = ?",
        (number, row.id, row.station, row.cn, row.st, row.at, row.revision, row.pno),
    )
    return row._replace(qn_ms=number)


def renumbered(
    connection: sqlite3.Connection, rows: Sequence[Row], fresh: Collection[int], *, now: float
) -> list[Row]:
    """Give rows as they go out, those of these ids under a number that was never used."""
    return [renumber(connection, row, now=now) if row.id in fresh else row for row in rows]


class End(NamedTuple):
    """How a packet ended: accepted, unconfirmed, rejected or dropped; or kept, up to a time.

    A tuple for the same reason as `Row`.
    """

    row: Row
    state: str
    outcome: str
    not_before: float = 0.0


KEPT = "kept"


def settle(connection: sqlite3.Connection, ends: Sequence[End], *, now: float) -> None:
    """Write down how packets of one station ended; many of them are no more statements than one."""
    # of two ends of one row, the later is an answer that came after all
    closed = {end.row.id: end for end in ends if end.state != KEPT}
    if closed:
        close(connection, [*closed.values()], now=now)
    for end in ends:
        if end.state == KEPT:
            kept(connection, end.row, not_before=end.not_before, outcome=end.outcome)


def done(connection: sqlite3.Connection, row: Row, state: str, *, outcome: str, now: float) -> None:
    """Close one row; as `close`."""
    close(connection, [End(row, state, outcome)], now=now)


# One statement steps through all rows inside SQLite: each statement, and each row handed out,
# would cost a change of the thread that runs.
_ENDS = "WITH ends (id, packet) AS (SELECT CAST(key AS INTEGER), value FROM json_each(:ends))"
# what is sure to be this row: a number alone is given again once its row is deleted
# the plus leaves the number alone to find it by: else all of the station would be looked through
_SAME = (
    "packet.id = ends.id AND +packet.station = :station AND ends.packet = packet.cn || ' ' ||"
    " packet.st || ' ' || packet.at || ' ' || packet.revision || ' ' || packet.pno"
)
# what was closed meanwhile stays as it is, unless the platform says now that it has it
_CLOSE = (
    f"{_ENDS} UPDATE outbox AS packet SET state = :state, outcome = :outcome, done_at = :now,"
    f" attempts = attempts + 1 FROM ends WHERE {_SAME}"
    " AND (packet.state = 'open' OR (:state = 'accepted' AND packet.state <> 'accepted'))"
)
_RANK = (
    "CASE each.state WHEN 'rejected' THEN 3 WHEN 'dropped' THEN 2 WHEN 'unconfirmed' THEN 1"
    " ELSE 0 END"
)
_CLOSE_DEBT = (
    f"{_ENDS}, worst (cn, st, at, revision, rank) AS ("
    f"SELECT each.cn, each.st, each.at, each.revision, max({_RANK})"
    f" FROM ends CROSS JOIN outbox AS packet CROSS JOIN outbox AS each WHERE {_SAME}"
    " AND each.station = :station AND each.cn = packet.cn AND each.st = packet.st"
    " AND each.at = packet.at AND each.revision = packet.revision"
    " GROUP BY 1, 2, 3, 4 HAVING max(each.state = 'open') = 0)"
    " UPDATE deliveries SET state ="
    " CASE rank WHEN 3 THEN 'rejected' WHEN 2 THEN 'dropped' WHEN 1 THEN 'unconfirmed'"
    " ELSE 'accepted' END FROM worst WHERE deliveries.station = :station"
    " AND deliveries.cn = worst.cn AND deliveries.start = worst.at AND deliveries.st = worst.st"
    " AND deliveries.revision = worst.revision"
)


def close(connection: sqlite3.Connection, ends: Sequence[End], *, now: float) -> None:
    """Close rows of one station, and a debt with the last packet of its upload.

    The worst of its packets speaks for the upload. The end of a row that is gone changes nothing.
    """
    asked = {"station": ends[0].row.station, "now": now}
    alike: dict[tuple[str, str], list[Row]] = {}
    for end in ends:
        alike.setdefault((end.state, end.outcome), []).append(end.row)
    for (state, outcome), rows in alike.items():
        told = {"ends": _told(rows), "state": state, "outcome": outcome}
        connection.execute(_CLOSE, {**asked, **told})
    debts = [end.row for end in ends if _is_debt(end.row.cn)]
    if debts:
        connection.execute(_CLOSE_DEBT, {**asked, "ends": _told(debts)})


def _told(rows: Sequence[Row]) -> str:
    return json.dumps(
        {row.id: f"{row.cn} {row.st} {row.at} {row.revision} {row.pno}" for row in rows}
    )


def drop_old_real_time(connection: sqlite3.Connection, station: str, before: float) -> int:
    """Give up real-time uploads older than `before`; says how many, the caller counts them."""
    return connection.execute(
        "UPDATE outbox SET state = 'dropped', outcome = 'older than rtd_keep'"
        " WHERE station = ? AND state = 'open' AND cn IN (?, ?) AND at < ?",
        (station, *LIVE_CNS, before),
    ).rowcount


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


def _asked(
    station: str, now: float, live_s: float, limit: int, *, busy: Collection[int]
) -> dict[str, object]:
    late = now - live_s
    return {
        "station": station,
        "now": now,
        "late": late,
        "alarm": Urgency.ALARM,
        "live": Urgency.LIVE,
        "limit": limit,
        "busy": json.dumps([*busy]),
    }
