"""What to do with a store that is damaged: put it aside, never in the way, never away."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from pathlib import Path

from agent.store.db import FILE_NAME, connect

log = logging.getLogger(__name__)

MARK = "damaged"
"""A file of this name beside the store says that a check found damage in it."""


def heal(directory: Path) -> Path | None:
    """Put a damaged store aside, so that a fresh one can begin; gives where it went."""
    path = directory / FILE_NAME
    mark = directory / MARK
    if not path.exists() or not (mark.exists() or _unreadable(path)):
        return None
    aside = _free_name(path, int(time.time()))
    for suffix in ("", "-wal", "-shm"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(aside.with_name(aside.name + suffix))
    mark.unlink(missing_ok=True)
    log.error("the store was damaged; it lies in %s now, a fresh one begins", aside)
    return aside


def mark_if_damaged(directory: Path, error: BaseException) -> bool:
    """Mark the store for the next start when that is what the process ends of."""
    if isinstance(error, BaseExceptionGroup):
        return any(mark_if_damaged(directory, one) for one in error.exceptions)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return False
    (directory / MARK).write_text(str(error), encoding="utf-8")
    log.error("the store is damaged: %s", error)
    return True


def check(connection: sqlite3.Connection, directory: Path) -> bool:
    """Look through the whole file; damage is marked for the next start. True when it is sound."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found == "ok":
        return True
    (directory / MARK).write_text(str(found), encoding="utf-8")
    log.error("the store is damaged: %s", found)
    return False


def _free_name(path: Path, number: int) -> Path:
    """Give a name nobody has: what was put aside before stays, too."""
    while (aside := path.with_name(f"{path.name}.{MARK}-{number}")).exists():
        number += 1
    return aside


def _unreadable(path: Path) -> bool:
    try:
        with contextlib.closing(connect(path, read_only=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        return not isinstance(error, sqlite3.OperationalError)
    return False
