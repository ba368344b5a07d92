"""Whether the daemon is well: the watchdog's answers, a look through the store, failed tasks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.clock import Clock
from agent.errors import StoreError
from agent.line import Line
from agent.metrics import Metrics
from agent.store import journal, recovery
from agent.store.db import Store

POLL_GRACE_S = 300.0
CHECK_STEPS = 20_000
"""Steps of SQLite between two looks whether the check of the store shall end."""


@dataclass(slots=True)
class Vitals:
    """Looks at the store and at the lines that run right now."""

    store: Store
    clock: Clock
    metrics: Metrics
    lines: Callable[[], Sequence[Line]]
    stopping: bool = False
    """Set at the end: a check of the store that still runs gives up."""

    async def alive(self) -> bool:
        """Give the watchdog its answers: the writer's, this loop's, and that of every line."""
        await self.store.write(lambda _: None)
        return all(line.alive(POLL_GRACE_S) for line in self.lines())

    async def check_store(self) -> None:
        """Look through the store once, beside the work: on a big one this takes a while.

        Raises StoreError where it is damaged.
        """
        directory = self.store.path.parent

        def look(connection: sqlite3.Connection) -> bool:
            # a thread that nobody waits for would still hold up the end of the process
            connection.set_progress_handler(lambda: self.stopping, CHECK_STEPS)
            return recovery.check(connection, directory)

        sound = await self.store.read_apart(look)
        if not sound:
            raise StoreError(f"{self.store.path} is damaged; the next start puts it aside")

    async def crashed(self, name: str, error: Exception) -> None:
        """Write down that a task failed. Trouble with the store is the end of the process."""
        self.metrics.restarts.labels(name).inc()
        if concerns_store(error):
            raise error
        now, detail = self.clock.now(), {"task": name, "error": repr(error)[:500]}
        await self.store.write(
            lambda connection: journal.add(connection, "task failed", detail, at=now)
        )


def concerns_store(error: BaseException) -> bool:
    """Say whether an error, or one inside a group, is one of the store."""
    if isinstance(error, BaseExceptionGroup):
        return any(concerns_store(one) for one in error.exceptions)
    return isinstance(error, sqlite3.Error | StoreError)
