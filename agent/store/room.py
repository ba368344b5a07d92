"""What gives way when the disk is full (architecture §3.12).

A ballast file is kept beside the store, and the write-ahead log has its room laid out in advance.
When a commit finds no room the ballast is the first thing to go. On a disk that others fill, its
room becomes free pages inside the store, where nobody else can take it. From then on the store
grows no more and ends where its file ends: the log could not be moved into a longer one. Then the
oldest raw samples, real-time uploads, message log and delivered minutes go, a little at a time,
so that statistics, outbox, actions and journal go on. What lies in a frozen interval goes last of
all, and the journal says so.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from agent.store import holds, journal

log = logging.getLogger(__name__)

FILE_NAME = "store.db"
LOG_NAME = f"{FILE_NAME}-wal"
INDEX_NAME = f"{FILE_NAME}-shm"
INDEX_BYTES = 32_768
"""What SQLite makes of it at first, and enough for 4000 pages of the log."""
STEP_ROWS = 2000
"""Rows given up at a time: little enough for the write-ahead log that must record it."""

AUTOCHECKPOINT = 4000
"""Pages after which the log is moved into the store: a longer one gathers more changes a page."""
SPARE_PAGES = 96
"""Pages that the log stays below its room, and below what the ballast can back in the store."""
NO_LIMIT = 1_073_741_823
"""As many pages as any SQLite allows."""
FIT_S = 10.0
"""How often to see to it that a store that grows no more has not become longer than its file."""
_PIECE = 256 * 1024
_PIECES_GO = "DELETE FROM settings WHERE name GLOB 'room *'"
_MB = 1024 * 1024

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


class Room:
    """The ballast, the room of the log, the page limit, and what has been given up so far."""

    def __init__(self, directory: Path, *, max_mb: int | None, ballast_mb: int) -> None:
        self.directory = directory
        self.ballast = directory / "ballast"
        self.ballast_bytes = ballast_mb * _MB
        self.max_mb = max_mb
        self.given_up = 0
        self.times_full = 0
        self.tight = False
        self._fitted_at = 0.0

    def settle(self, connection: sqlite3.Connection) -> None:
        """Set the page limit; lay the ballast and the room of the log, where there is enough."""
        self._set_limits(connection)
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute(_PIECES_GO)  # where a crash came between
        self._lay()

    def leave(self) -> None:
        """Lay the log's room again once the store is closed, when SQLite has given it back.

        Who starts on a disk that was filled meanwhile cannot even open a store without a log.
        """
        if not (self.tight or self.ballast.exists()):
            return
        for name, size in ((LOG_NAME, self.ballast_bytes), (INDEX_NAME, INDEX_BYTES)):
            _lay(self.directory / name, size)

    def look(self, connection: sqlite3.Connection) -> None:
        """Stop growing before others take the last room, and grow again once they leave some.

        The writer calls it after each commit: the log can take only so much that the file cannot.
        """
        try:
            free = self._free()
            if not self.tight and free < self.ballast_bytes:
                self.times_full += 1
                self._ballast_goes()
                self._tighten(connection)
            elif self.tight and free >= 4 * self.ballast_bytes:
                log.warning("there is room in %s again", self.directory)
                self.tight = False
                self.settle(connection)
            elif self.tight and time.monotonic() - self._fitted_at >= FIT_S:
                self._fit(connection)
        except (sqlite3.Error, OSError) as error:
            _undo(connection)
            log.warning("disk full: no room made ahead: %s", error)

    def give_way(self, connection: sqlite3.Connection) -> bool:
        """Make room for one more attempt; False when nothing is left that may go."""
        self.times_full += 1
        try:
            if any((self._ballast_goes(), self._tighten(connection))):
                return True
            if self.tight:
                self._fit(connection)
            return self._oldest_go(connection)
        except (sqlite3.Error, OSError) as error:
            _undo(connection)
            log.error("disk full: cannot even make room: %s", error)
            return False

    def _set_limits(self, connection: sqlite3.Connection) -> None:
        page = int(connection.execute("PRAGMA page_size").fetchone()[0])
        most = NO_LIMIT if self.max_mb is None else self.max_mb * _MB // page
        connection.execute(f"PRAGMA max_page_count = {most}")
        laid = self.ballast_bytes // page - SPARE_PAGES if self.ballast_bytes else AUTOCHECKPOINT
        connection.execute(f"PRAGMA wal_autocheckpoint = {min(AUTOCHECKPOINT, laid)}")

    def _lay(self) -> None:
        """Lay the ballast and room for the log: what is laid is not to be had by others."""
        if self.ballast_bytes == 0:
            return
        if not self.ballast.exists() and self._free() < 4 * self.ballast_bytes:
            log.warning("little room in %s: no ballast laid", self.directory)
            return
        for name in (self.ballast.name, LOG_NAME):
            _lay(self.directory / name, self.ballast_bytes)

    def _free(self) -> int:
        return shutil.disk_usage(self.directory).free

    def _tighten(self, connection: sqlite3.Connection) -> bool:
        """Take what room the disk still has into the store and stop growing.

        False when that was done already, or when it is not the disk that is full.
        """
        if self.tight or self._free() >= 2 * self.ballast_bytes:
            return False
        self.tight = True
        log.error("disk full: the store in %s grows no more", self.directory)
        connection.execute("PRAGMA wal_autocheckpoint = 250")
        with contextlib.suppress(sqlite3.OperationalError):
            # at once, before others take this room, too
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            for number in range(self.ballast_bytes // 2 // _PIECE):
                connection.execute(
                    "INSERT OR REPLACE INTO settings VALUES (?, ?)",
                    (f"room {number}", "x" * _PIECE),
                )
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        while not self._fit(connection) and self._oldest_go(connection):
            pass
        return True

    def _fit(self, connection: sqlite3.Connection) -> bool:
        """End the store where its file ends; False when it has too few free pages for that.

        The log is committed to before the file grows. One page in it that the disk has no room for
        keeps all of it from being moved, and then the log, which commits live on, runs full.
        """
        self._fitted_at = time.monotonic()
        _move_log(connection)
        connection.execute(_PIECES_GO)
        size, pages, free = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_size", "page_count", "freelist_count")
        )
        connection.execute(f"PRAGMA max_page_count = {pages}")
        beyond = pages - (self.directory / FILE_NAME).stat().st_size // size
        if beyond > free:
            return False
        if beyond > 0:
            log.warning("disk full: %d pages have no room on the disk", beyond)
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(beyond):  # sqlite3 takes only a statement's first step
                connection.execute("PRAGMA incremental_vacuum(1)")
            connection.execute("COMMIT")
            _move_log(connection)
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        return True

    def _ballast_goes(self) -> bool:
        if not self.ballast.exists():
            return False
        log.error("disk full: giving up the ballast in %s", self.directory)
        self.ballast.unlink()
        return True

    def _oldest_go(self, connection: sqlite3.Connection) -> bool:
        _move_log(connection)
        frozen = holds.frozen(holds.open_ones(connection), grid_s=HOUR_S)
        if any(
            self._rows_go(connection, one, part)
            for one in _GIVE_UP
            for part in holds.free(frozen, until=math.inf)
            if one.part or not frozen  # nobody knows when those were
        ):
            return True
        return bool(frozen) and any(self._rows_go(connection, one, _ALWAYS) for one in _GIVE_UP)

    def _rows_go(
        self,
        connection: sqlite3.Connection,
        given: _Given,
        part: holds.Part,
        *,
        rows: int = STEP_ROWS,
    ) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        try:
            statement = f"{given.of(part)} RETURNING {given.moment}"
            gone = connection.execute(statement, (rows,)).fetchall()
            if gone:
                detail = self._told(connection, given, part, [at for (at,) in gone])
                journal.add(connection, "gave way", detail, at=time.time())
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            _undo(connection)
            if rows < 10 or not is_full(error):
                raise
            # the log has room for fewer: every page that a row leaves is written to it
            return self._rows_go(connection, given, part, rows=rows // 10)
        if not gone:
            return False
        log.error("disk full: gave up %d old rows of %s", len(gone), given.what)
        self.given_up += len(gone)
        _move_log(connection)
        return True

    @staticmethod
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


def _lay(path: Path, size: int) -> None:
    # a log ends where its checksums end, not where the file does
    with contextlib.suppress(OSError), path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _undo(connection: sqlite3.Connection) -> None:
    # SQLITE_FULL may have ended the transaction by itself
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _move_log(connection: sqlite3.Connection) -> None:
    """Move the log into the file as far as the disk lets it; all of it, and its room begins anew.

    PASSIVE waits for no reader, and keeps the log's file: its room is what commits live on.
    """
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
