"""How the store stays within its room when the disk is full (architecture §3.12).

A ballast file is kept beside the store, and the write-ahead log has its room laid out in advance.
When a commit finds no room the ballast is the first thing to go. On a disk that others fill, its
room becomes free pages inside the store, where nobody else can take it. From then on the store
grows no more and ends where its file ends: the log could not be moved into a longer one. Then the
oldest rows go (`giving`), so that statistics, outbox, actions and journal go on.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from pathlib import Path

from agent.store.giving import move_log, oldest_go, undo

log = logging.getLogger(__name__)

FILE_NAME = "store.db"
LOG_NAME = f"{FILE_NAME}-wal"
INDEX_NAME = f"{FILE_NAME}-shm"
INDEX_BYTES = 32_768
"""What SQLite makes of it at first, and enough for 4000 pages of the log."""
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
            undo(connection)
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
            undo(connection)
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
        move_log(connection)
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
            move_log(connection)
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
        gone = oldest_go(connection)
        self.given_up += gone
        return gone > 0


def _lay(path: Path, size: int) -> None:
    # a log ends where its checksums end, not where the file does
    with contextlib.suppress(OSError), path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, size)
