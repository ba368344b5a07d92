"""What of a bundle is read at one instant, after all that takes long: the journal, and marks.

The store is not held meanwhile (architecture §3.17): what came late into rows that were read before
is sealed first, so that the journal says so; what was given up in between it says anyway.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from agent.store import journal, seals
from agent.store.db import transaction
from agent.tools.evidence.gather import AT_ONCE, Reach, anchor, rows

ON_DISK_S = 5.0
"""How long after a sample was taken it is surely on disk."""
SPOOLED = 4 << 20
"""Bytes of a table that stay in memory until they are packed."""


@dataclass(slots=True)
class Last:
    """Reads all of `AT_ONCE` when the first of it is asked for, and completes what is said `about`.

    `now` is that of the first sealing: what was sampled since then stays out.
    """

    connection: sqlite3.Connection
    found: Reach
    about: dict[str, Any]
    now: float
    folder: Path
    _files: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _spools: dict[str, IO[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Last:
        return self

    def __exit__(self, *_: object) -> None:
        """Give the files back."""
        self._files.close()

    def lines(self, table: str) -> Iterator[bytes]:
        """Give the rows of a table, a line of JSON each."""
        if not self._spools:
            self._read()
        self._spools[table].seek(0)
        return iter(self._spools[table])

    def _read(self) -> None:
        seal_all(self.connection, self.now)
        self.connection.execute("BEGIN")
        for table in AT_ONCE:  # closed with all others at the end
            file = tempfile.SpooledTemporaryFile(SPOOLED, dir=str(self.folder))  # noqa: SIM115
            spool = self._files.enter_context(file)
            spool.writelines(lines(self.connection, table, self.found))
            self._spools[table] = spool
        self.about["anchor"] = anchor(self.connection, self.found)
        self.about["head"] = journal.head(self.connection)
        self.connection.execute("ROLLBACK")


def lines(connection: sqlite3.Connection, table: str, found: Reach) -> Iterator[bytes]:
    """Give the rows of a table that go with it, a line of JSON each."""
    for row in rows(connection, table, found):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def seal_all(connection: sqlite3.Connection, now: float) -> None:
    """Seal what is there, so that the bundle can be held against it."""
    sealed = True
    while sealed:
        with transaction(connection):
            sealed = seals.seal(connection, now=now, until=now - ON_DISK_S)
