"""The store: one writer thread that commits in groups, readers on connections of their own.

A job is a function of a connection. Each job runs in a savepoint, so one that fails takes nothing
of its neighbours with it; all jobs that wait together share one commit, which is what spares the
flash. A job's future is resolved after the commit, never before: what was awaited is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from agent.errors import StoreError
from agent.store import room
from agent.store.giving import is_full
from agent.store.waiting import Full, Waiting

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

SCHEMA_VERSION = 3
FILE_NAME = room.FILE_NAME
GROUP = 64
"""Jobs that may share one commit."""
WAITING = 1024
"""Jobs that may wait; more means the disk stands still, and that is an error to be seen."""
PATIENCE_S = 0.5
"""How long samples wait for company; bounds the wear, and what a power cut can cost."""
SOON_S = 0.02
"""How long what is urgent waits for what is due at the same moment, on all lines."""
BUSY_TIMEOUT_S = 5.0


@dataclass(slots=True)
class _Ticket:
    job: Job[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    until: float
    """The monotonic time up to which it may wait for company."""
    result: Any = None
    error: BaseException | None = field(default=None)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a store the way every process of ours does: WAL, FULL, explicit transactions."""
    if read_only:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
    else:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {room.AUTOCHECKPOINT}")
        connection.execute("PRAGMA journal_size_limit = 16777216")
        # what a savepoint keeps for its undoing would be a file on a disk that may be full
        connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def schema_version(path: Path) -> int:
    """Give the schema version of a store file, 0 for one that does not exist."""
    if not path.exists():
        return 0
    with contextlib.closing(connect(path, read_only=True)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run a block as one write transaction; anything raised inside undoes all of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        # SQLITE_FULL may have ended the transaction by itself
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Store:
    """The open store of one process. Use as `async with Store(directory)`."""

    def __init__(self, directory: Path, *, max_mb: int | None = None, ballast_mb: int = 16) -> None:
        self.path = directory / FILE_NAME
        self.room = room.Room(directory, max_mb=max_mb, ballast_mb=ballast_mb)
        self._waiting: Waiting[_Ticket] = Waiting(WAITING, group=GROUP)
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._reader_lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None

    async def __aenter__(self) -> Store:
        """Open the file; `StoreError` when its schema is not ours."""
        found = schema_version(self.path)
        if found != SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: schema version {found}, {SCHEMA_VERSION} expected; "
                f"run `paikou migrate`"
            )
        self._writer = connect(self.path)
        self._reader = connect(self.path, read_only=True)
        self.room.settle(self._writer)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish the jobs that wait, then close."""
        await asyncio.to_thread(self._close)

    async def write(self, job: Job[T], *, patient: bool = False, wait_s: float = 0.0) -> T:
        """Run a job in the writer; returns when its commit is on disk.

        It may wait `wait_s` for others to share its commit, a patient one `PATIENCE_S`; samples
        do. A job may run twice when a commit fails, so it does nothing but change rows.

        Raises what the job raised, `StoreError` when too many jobs wait or the store is closed.
        """
        if not self._thread.is_alive():
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        until = time.monotonic() + (PATIENCE_S if patient else wait_s)
        ticket = _Ticket(job, loop, loop.create_future(), until)
        try:
            self._waiting.put(ticket)
        except Full:
            raise StoreError(f"{WAITING} jobs wait for the disk; it does not keep up") from None
        result: T = await ticket.future
        return result

    async def read(self, job: Job[T]) -> T:
        """Run a reading job on another thread and connection; it sees the last commit."""
        return await asyncio.to_thread(self._read, job)

    async def read_apart(self, job: Job[T]) -> T:
        """Run a reading job that takes long, on a connection that nobody else waits for."""

        def work() -> T:
            with contextlib.closing(connect(self.path, read_only=True)) as connection:
                return job(connection)

        return await asyncio.to_thread(work)

    def _read(self, job: Job[T]) -> T:
        with self._reader_lock:
            if self._reader is None:
                raise StoreError("the store is closed")
            return job(self._reader)

    def _close(self) -> None:
        if self._thread.is_alive():
            self._waiting.end()
            self._thread.join()
        self._refuse_the_rest()
        with self._reader_lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None
        self.room.leave()

    def _refuse_the_rest(self) -> None:
        """Tell those who came behind the end; nobody else will."""
        while late := self._waiting.take():
            for ticket in late:
                ticket.error = StoreError("the store is closed")
            _tell(late)

    def _work(self) -> None:
        """The writer thread: take what waits, run it, commit once, tell everybody."""
        assert self._writer is not None
        while group := self._waiting.take():
            self._commit(group)
            self.room.look(self._writer)
            _tell(group)

    def _commit(self, group: list[_Ticket]) -> None:
        assert self._writer is not None
        try:
            self._attempt(self._writer, group)
            return
        except sqlite3.Error as error:
            failure: sqlite3.Error = error
        # One job that cannot commit must not take the others with it: each by itself.
        for ticket in group:
            while True:
                try:
                    self._attempt(self._writer, [ticket])
                    break
                except sqlite3.Error as error:
                    failure = error
                if not (is_full(failure) and self.room.give_way(self._writer)):
                    ticket.error = failure
                    break

    @staticmethod
    def _attempt(connection: sqlite3.Connection, group: list[_Ticket]) -> None:
        with transaction(connection):
            for ticket in group:
                ticket.result = ticket.error = None
                connection.execute("SAVEPOINT job")
                try:
                    ticket.result = ticket.job(connection)
                except sqlite3.OperationalError:
                    raise
                except Exception as error:  # noqa: BLE001 handed to whoever asked for the job
                    connection.execute("ROLLBACK TO job")
                    ticket.error = error
                connection.execute("RELEASE job")


def _tell(group: Sequence[_Ticket]) -> None:
    """Wake whoever asked: all of one event loop at once."""
    for loop in {ticket.loop for ticket in group}:
        own = [ticket for ticket in group if ticket.loop is loop]
        # The loop may be closed already at the very end; then nobody waits for this.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, own)


def _settle(group: Sequence[_Ticket]) -> None:
    for ticket in group:
        if ticket.future.done():  # whoever asked was cancelled meanwhile
            continue
        if ticket.error is not None:
            ticket.future.set_exception(ticket.error)
        else:
            ticket.future.set_result(ticket.result)
