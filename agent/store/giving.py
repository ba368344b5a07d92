"""What gives way when there is no room: the oldest rows of what can be spared (architecture §3.12).

Raw samples, real-time uploads, message log, delivered minutes, a little at a time. What lies in a
frozen interval goes last of all, and the journal says so.
"""

from __future__ import annotations

import contextlib
import logging
import math
import sqlite3
import time
from dataclasses import dataclass

from agent.store import holds, journal

log = logging.getLogger(__name__)

STEP_ROWS = 2000
"""Rows given up at a time: little enough for the write-ahead log that must record it."""
OPEN_MINUTES_MS = 600_000
"""The newest samples stay to the last: the minutes not closed yet are made of them."""
HOUR_S = 3600

_OPEN_LAST = f"AND key >> 16 < (SELECT max(key) >> 16 FROM samples) - {OPEN_MINUTES_MS}"
_SAMPLES = (
    "DELETE FROM samples WHERE key IN (SELECT key FROM samples WHERE 1 {} ORDER BY key LIMIT ?)"
)
_UNTIMED = (
    "DELETE FROM untimed WHERE (boot, mono_ms, device) IN"
    " (SELECT boot, mono_ms, device FROM untimed ORDER BY boot, mono_ms LIMIT ?)"
)
_REAL_TIME = (
    "DELETE FROM outbox WHERE id IN"
    " (SELECT id FROM outbox WHERE cn IN ('2011', '2021') {free} ORDER BY id LIMIT ?)"
)
# a row of the message log has some pages of its own
_FRAMES = (
    "DELETE FROM frames WHERE id IN (SELECT id FROM frames WHERE 1 {free} ORDER BY id LIMIT ? / 10)"
)
_DELIVERED = (
    "DELETE FROM outbox WHERE id IN"
    " (SELECT id FROM outbox WHERE cn = '2051' AND state = 'accepted' {free} ORDER BY id LIMIT ?)"
)
# only minutes whose hour is made: an open one still needs them
_MINUTES = (
    "DELETE FROM statistics WHERE (kind, start, series, revision) IN"
    " (SELECT kind, start, series, revision FROM statistics AS minute"
    "  WHERE kind = '1m' {free} AND EXISTS (SELECT 1 FROM statistics AS hour WHERE hour.kind = '1h'"
    "   AND hour.start = minute.start / 3600 * 3600 AND hour.series = minute.series)"
    "  ORDER BY start LIMIT ?)"
)


@dataclass(frozen=True, slots=True)
class _Given:
    """What may go: its name in the journal, the statement, a row's time and its scale.

    `part` says of a row that it lies between two instants, in units of that scale.
    """

    what: str
    statement: str
    moment: str
    scale: int = 1
    part: str = ""

    def of(self, part: holds.Part) -> str:
        """Give the statement for the rows of a part of the time."""
        if part == _ALWAYS:
            return self.statement.format(free="")
        since, until = (
            int(min(max(at, 0.0), _LAST_S)) * self.scale for at in part
        )  # infinite ones as far as any row can be
        return self.statement.format(free="AND " + self.part.format(since=since, until=until))


_ALWAYS = (-math.inf, math.inf)
_LAST_S = 2.0**36
_BY_KEY = "key >= {since} << 16 AND key < {until} << 16"
_BY_AT = "at >= {since} AND at < {until}"
_GIVE_UP = (
    _Given("samples", _SAMPLES.format(_OPEN_LAST + " {free}"), "key >> 16", 1000, _BY_KEY),
    _Given("untimed", _UNTIMED, "0"),
    _Given("real time", _REAL_TIME, "at", part=_BY_AT),
    _Given("frames", _FRAMES, "first_at", part="first_at >= {since} AND last_at < {until}"),
    _Given("delivered minutes", _DELIVERED, "at", part=_BY_AT),
    _Given("minutes", _MINUTES, "start", part="start >= {since} AND start < {until}"),
    _Given("samples", _SAMPLES.format("{free}"), "key >> 16", 1000, _BY_KEY),
)
"""What goes, in this order."""


def is_full(error: sqlite3.Error) -> bool:
    """Say whether an error means that there is no room, on the disk or under the page limit."""
    code = getattr(error, "sqlite_errorcode", 0)
    # the shared memory beside the log cannot grow on a full disk; any other I/O error is no sign
    return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE


def oldest_go(connection: sqlite3.Connection) -> int:
    """Give up some of the oldest rows of the first kind that has any; gives how many went."""
    move_log(connection)
    frozen = holds.frozen(holds.open_ones(connection), grid_s=HOUR_S)
    for one in _GIVE_UP:
        for part in holds.free(frozen, until=math.inf):
            # without a time nobody knows whether a hold is on it
            if (one.part or not frozen) and (gone := _rows_go(connection, one, part)):
                return gone
    if frozen:
        for one in _GIVE_UP:
            if gone := _rows_go(connection, one, _ALWAYS):
                return gone
    return 0


def _rows_go(
    connection: sqlite3.Connection, given: _Given, part: holds.Part, *, rows: int = STEP_ROWS
) -> int:
    connection.execute("BEGIN IMMEDIATE")
    try:
        statement = f"{given.of(part)} RETURNING {given.moment}"
        gone = connection.execute(statement, (rows,)).fetchall()
        if gone:
            detail = _told(connection, given, part, [at for (at,) in gone])
            journal.add(connection, "gave way", detail, at=time.time())
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        undo(connection)
        if rows < 10 or not is_full(error):
            raise
        # the log has room for fewer: every page that a row leaves is written to it
        return _rows_go(connection, given, part, rows=rows // 10)
    if gone:
        log.error("disk full: gave up %d old rows of %s", len(gone), given.what)
        move_log(connection)
    return len(gone)


def _told(
    connection: sqlite3.Connection, given: _Given, part: holds.Part, moments: list[float]
) -> dict[str, object]:
    detail: dict[str, object] = {
        "what": given.what,
        "rows": len(moments),
        "before": max(moments) / given.scale + 1,
    }
    if part[0] > -math.inf:
        detail["since"] = part[0]
    if part == _ALWAYS and (frozen := holds.open_ones(connection)):
        detail["frozen"] = [one.ref for one in frozen]
    return detail


def undo(connection: sqlite3.Connection) -> None:
    """End the transaction, where there is one: SQLITE_FULL may have ended it by itself."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def move_log(connection: sqlite3.Connection) -> None:
    """Move the log into the file as far as the disk lets it; all of it, and its room begins anew.

    PASSIVE waits for no reader, and keeps the log's file: its room is what commits live on.
    """
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
