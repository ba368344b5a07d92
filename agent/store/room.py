"""What gives way when the disk is full (architecture §3.12).

A ballast file is kept beside the store; when a commit finds no room it is the first thing to go,
then the oldest raw samples, real-time uploads and delivered minutes, a little at a time, so that
statistics, outbox, actions and journal go on.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
from pathlib import Path

log = logging.getLogger(__name__)

STEP_ROWS = 2000
"""Rows given up at a time: little enough for the write-ahead log that must record it."""

OPEN_MINUTES_MS = 600_000
"""The newest samples stay to the last: the minutes not closed yet are made of them."""

_GIVE_UP = (
    "DELETE FROM samples WHERE key IN (SELECT key FROM samples"
    f" WHERE key >> 16 < (SELECT max(key) >> 16 FROM samples) - {OPEN_MINUTES_MS}"
    " ORDER BY key LIMIT ?)",
    "DELETE FROM untimed WHERE (boot, mono_ms, device) IN"
    " (SELECT boot, mono_ms, device FROM untimed ORDER BY boot, mono_ms LIMIT ?)",
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE cn = '2011' ORDER BY id LIMIT ?)",
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
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


class Room:
    """The ballast file, the page limit, and what has been given up so far."""

    def __init__(self, directory: Path, *, max_mb: int | None, ballast_mb: int) -> None:
        self.directory = directory
        self.ballast = directory / "ballast"
        self.ballast_bytes = ballast_mb * 1024 * 1024
        self.max_mb = max_mb
        self.given_up = 0
        self.times_full = 0

    def settle(self, connection: sqlite3.Connection) -> None:
        """Set the page limit and lay the ballast, where there is room for it."""
        if self.max_mb is not None:
            page = int(connection.execute("PRAGMA page_size").fetchone()[0])
            connection.execute(f"PRAGMA max_page_count = {self.max_mb * 1024 * 1024 // page}")
        if self.ballast.exists() or self.ballast_bytes == 0:
            return
        if shutil.disk_usage(self.directory).free < 4 * self.ballast_bytes:
            log.warning("little room in %s: no ballast laid", self.directory)
            return
        with self.ballast.open("wb") as file, contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, self.ballast_bytes)

    def give_way(self, connection: sqlite3.Connection) -> bool:
        """Make room for one more attempt; False when nothing is left that may go."""
        self.times_full += 1
        try:
            return self._ballast_goes() or any(self._rows_go(connection, one) for one in _GIVE_UP)
        except (sqlite3.Error, OSError) as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            log.error("disk full: cannot even make room: %s", error)
            return False

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
        # RESTART keeps the log's file: its room is what the next commits live on
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        return True
