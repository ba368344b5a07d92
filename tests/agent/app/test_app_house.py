"""The chores of the hour and the night, on a disk that has no room for them."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import FakeClock
from agent_site import T0, plan_with

from agent.app import App
from agent.reloading import InForce
from agent.store.db import Store


class RefusingStore(Store):
    """Every write ends with that code of SQLite's."""

    code = sqlite3.SQLITE_FULL

    async def write(self, job: Any, *, patient: bool = False) -> Any:
        error = sqlite3.OperationalError("refused")
        error.sqlite_errorcode = self.code
        raise error


class BrokenStore(RefusingStore):
    code = sqlite3.SQLITE_IOERR


async def keep(store: Store, until: str, log: pytest.LogCaptureFixture) -> None:
    """Ring for the chores until the log says that, or the task ends with its error."""
    app = App(Path("site.yaml"), InForce(plan_with(), "hash"), store, FakeClock(T0))
    task = asyncio.create_task(app._chores.run())
    try:
        async with asyncio.timeout(60):
            while until not in log.text and not task.done():
                app._bells.ring("hour", "night")
                await asyncio.wait({task}, timeout=0.02)
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]


async def test_full_disk_puts_chores_off_and_does_not_end_the_daemon(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await keep(RefusingStore(directory), "no room to keep house", caplog)
    assert "no room to keep house: refused" in caplog.text


async def test_any_other_error_of_the_store_ends_it(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(sqlite3.OperationalError, match="refused"):
        await keep(BrokenStore(directory), "no room to keep house", caplog)
