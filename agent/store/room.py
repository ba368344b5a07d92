"""What gives way when the disk is full (architecture §3.12).

A ballast file is kept beside the store, and the write-ahead log has its room laid out in advance.
When a commit finds no room the ballast is the first thing to go. On a disk that others fill, its
room becomes free pages inside the store, where nobody else can take it, and from then on the store
grows no more. Then the oldest raw samples, real-time uploads, message log and delivered minutes go,
a little at a time, so that statistics, outbox, actions and journal go on.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from pathlib import Path

log = logging.getLogger(__name__)

LOG_NAME = "store.db-wal"
STEP_ROWS = 2000
"""Rows given up at a time: little enough for the write-ahead log that must record it."""

AUTOCHECKPOINT = 4000
"""Pages after which the log is moved into the store: a longer one gathers more changes a page."""
NO_LIMIT = 1_073_741_823
"""As many pages as any SQLite allows."""
LOOK_S = 10.0
"""How often to look whether there is room again."""
_PIECE = 256 * 1024
_PIECES_GO = "DELETE FROM settings WHERE name GLOB 'room *'"
_MB = 1024 * 1024

OPEN_MINUTES_MS = 600_000
"""The newest samples stay to the last: the minutes not closed yet are made of them."""

_GIVE_UP = (
    "DELETE FROM samples WHERE key IN (SELECT key FROM samples"
    f" WHERE key >> 16 < (SELECT max(key) >> 16 FROM samples) - {OPEN_MINUTES_MS}"
    " ORDER BY key LIMIT ?)",
    "DELETE FROM untimed WHERE (boot, mono_ms, device) IN"
    " (SELECT boot, mono_ms, device FROM untimed ORDER BY boot, mono_ms LIMIT ?)",
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE cn = '2011' ORDER BY id LIMIT ?)",
    # a row of the message log has some pages of its own
    "DELETE FROM frames WHERE id IN (SELECT id FROM frames ORDER BY id LIMIT ? / 10)",
    "DELETE FROM outbox WHERE id IN"
    " (SELECT id FROM outbox WHERE cn = '2051' AND state = 'accepted' ORDER BY id LIMIT ?)",
    # only minutes whose hour is made: an open one still needs them
    "DELETE FROM statistics WHERE (kind, start, series, revision) IN"
    " (SELECT kind, start, series, revision FROM statistics AS minute"
    "  WHERE kind = '1m' AND EXISTS (SELECT 1 FROM statistics AS hour WHERE hour.kind = '1h'"
    "   AND hour.start = minute.start / 3600 * 3600 AND hour.series = minute.series)"
    "  ORDER BY start LIMIT ?)",
    "DELETE FROM samples WHERE key IN (SELECT key FROM samples ORDER BY key LIMIT ?)",
)


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
        self._looked_at = 0.0

    def settle(self, connection: sqlite3.Connection) -> None:
        """Set the page limit; lay the ballast and the room of the log, where there is enough."""
        self._set_limits(connection)
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute(_PIECES_GO)  # where a crash came between
        self._lay()

    def look(self, connection: sqlite3.Connection) -> None:
        """Stop growing before others take the last room, and grow again once they leave some.

        The writer calls it at any time; it looks now and then.
        """
        if time.monotonic() - self._looked_at < LOOK_S:
            return
        self._looked_at = time.monotonic()
        with contextlib.suppress(sqlite3.Error, OSError):
            if self.tight and self._free() >= 4 * self.ballast_bytes:
                log.warning("there is room in %s again", self.directory)
                self.tight = False
                self.settle(connection)
            elif not self.tight and self._free() < self.ballast_bytes:
                self.times_full += 1
                self._ballast_goes()
                self._tighten(connection)

    def give_way(self, connection: sqlite3.Connection) -> bool:
        """Make room for one more attempt; False when nothing is left that may go."""
        self.times_full += 1
        try:
            if any((self._ballast_goes(), self._tighten(connection))):
                return True
            return any(self._rows_go(connection, one) for one in _GIVE_UP)
        except (sqlite3.Error, OSError) as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            log.error("disk full: cannot even make room: %s", error)
            return False

    def _set_limits(self, connection: sqlite3.Connection) -> None:
        page = int(connection.execute("PRAGMA page_size").fetchone()[0])
        most = NO_LIMIT if self.max_mb is None else self.max_mb * _MB // page
        connection.execute(f"PRAGMA max_page_count = {most}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT}")

    def _lay(self) -> None:
        """Lay the ballast and room for the log: what is laid is not to be had by others."""
        if self.ballast_bytes == 0:
            return
        if not self.ballast.exists() and self._free() < 4 * self.ballast_bytes:
            log.warning("little room in %s: no ballast laid", self.directory)
            return
        for path, mode in ((self.ballast, "ab"), (self.directory / LOG_NAME, "r+b")):
            with contextlib.suppress(OSError), path.open(mode) as file:
                # a log ends where its checksums end, not where the file does
                os.posix_fallocate(file.fileno(), 0, self.ballast_bytes)

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
            for number in range(self.ballast_bytes // 2 // _PIECE):
                connection.execute(
                    "INSERT OR REPLACE INTO settings VALUES (?, ?)",
                    (f"room {number}", "x" * _PIECE),
                )
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.execute(_PIECES_GO)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return True

    def _ballast_goes(self) -> bool:
        if not self.ballast.exists():
            return False
        log.error("disk full: giving up the ballast in %s", self.directory)
        self.ballast.unlink()
        return True

    def _rows_go(self, connection: sqlite3.Connection, statement: str) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        gone = connection.execute(statement, (STEP_ROWS,)).rowcount
        connection.execute("COMMIT")
        if not gone:
            return False
        log.error("disk full: gave up %d old rows", gone)
        self.given_up += gone
        # PASSIVE waits for no reader, and keeps the log's file: its room is what commits live on
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return True
