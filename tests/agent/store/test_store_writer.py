"""The one writer: groups of jobs, what a failure costs, what a resolved job means."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.store import cursors
from agent.store.db import SCHEMA_VERSION, WAITING, Store, connect


def on_disk(store: Store) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        return dict(connection.execute("SELECT name, next FROM cursors"))


def put(name: str, start: int = 1):  # type: ignore[no-untyped-def]  # a job
    return lambda connection: cursors.put(connection, name, start)


class Held:
    """The writer with its hands full, so that what comes meanwhile waits together."""

    def __init__(self, store: Store) -> None:
        self._free, self._busy = threading.Event(), threading.Event()
        self.statements: list[str] = []
        self._task = asyncio.ensure_future(store.write(self._hold))

    def _hold(self, connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(self.statements.append)
        self._busy.set()
        assert self._free.wait(10)

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._busy.wait, 10)

    async def let_go(self) -> None:
        self._free.set()
        await self._task


async def test_job_that_was_awaited_is_on_disk(store: Store) -> None:
    await store.write(put("a", 7))
    assert on_disk(store) == {"a": 7}


async def test_jobs_that_wait_together_share_one_commit(store: Store) -> None:
    held = Held(store)
    await held.begun()
    jobs = [asyncio.ensure_future(store.write(put(f"c{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    await held.let_go()
    await asyncio.gather(*jobs)
    commits = [one for one in held.statements if one == "COMMIT"]
    assert len(commits) == 2, "one for the job that held the writer, one for the twenty"
    assert len(on_disk(store)) == 20


async def test_patient_jobs_wait_for_company_and_go_with_the_first_that_is_not(
    store: Store,
) -> None:
    held = Held(store)
    await held.begun()
    await held.let_go()
    patient = [asyncio.ensure_future(store.write(put(f"p{n}"), patient=True)) for n in range(3)]
    await asyncio.sleep(0)
    await store.write(put("now"))
    await asyncio.gather(*patient)
    assert held.statements.count("COMMIT") == 2
    assert len(on_disk(store)) == 4


async def test_patient_job_alone_is_done_in_the_end(store: Store) -> None:
    await store.write(put("a"), patient=True)
    assert on_disk(store) == {"a": 1}


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO cursors VALUES ('b', NULL)", "INSERT INTO no_such_table VALUES (1)"],
)
async def test_failing_job_takes_nothing_of_its_neighbours(store: Store, statement: str) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        cursors.put(connection, "half done", 1)
        connection.execute(statement)

    held = Held(store)
    await held.begun()
    jobs = [asyncio.ensure_future(store.write(one)) for one in (put("a"), fail, put("c"))]
    await asyncio.sleep(0)
    await held.let_go()
    before, failed, after = await asyncio.gather(*jobs, return_exceptions=True)
    assert isinstance(failed, sqlite3.Error)
    assert (before, after) == (None, None)
    assert on_disk(store) == {"a": 1, "c": 1}


async def test_error_of_a_job_comes_to_who_asked_for_it(store: Store) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise LookupError("not here")

    with pytest.raises(LookupError, match="not here"):
        await store.write(fail)
    await store.write(put("a"))
    assert on_disk(store) == {"a": 1}


async def test_job_whose_asker_went_away_is_done_all_the_same(store: Store) -> None:
    held = Held(store)
    await held.begun()
    gone = asyncio.ensure_future(store.write(put("a")))
    await asyncio.sleep(0)
    gone.cancel()
    await held.let_go()
    await store.write(put("b"))
    assert on_disk(store) == {"a": 1, "b": 1}


async def test_more_jobs_than_may_wait_is_an_error_to_be_seen(store: Store) -> None:
    held = Held(store)
    await held.begun()
    jobs = [asyncio.ensure_future(store.write(put("n", n))) for n in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="does not keep up"):
        await store.write(put("one too many"))
    await held.let_go()
    await asyncio.gather(*jobs)
    assert on_disk(store) == {"n": WAITING - 1}


async def test_reader_sees_the_last_commit_and_cannot_write(store: Store) -> None:
    await store.write(put("a", 3))
    assert await store.read(lambda connection: cursors.get(connection, "a")) == 3
    assert await store.read_apart(lambda connection: cursors.get(connection, "a")) == 3
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.read(put("a", 4))


async def test_closing_finishes_the_jobs_that_wait(directory: Path) -> None:
    async with Store(directory, ballast_mb=0) as store:
        held = Held(store)
        await held.begun()
        job = asyncio.ensure_future(store.write(put("a")))
        await asyncio.sleep(0)
        await held.let_go()
    await job
    assert on_disk(store) == {"a": 1}


async def test_closed_store_refuses_instead_of_keeping_its_asker_waiting(directory: Path) -> None:
    async with Store(directory, ballast_mb=0) as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        async with asyncio.timeout(5):
            await store.write(put("a"))
    with pytest.raises(StoreError, match="closed"):
        await store.read(lambda connection: cursors.get(connection, "a"))


@pytest.mark.parametrize("version", [0, 99])
async def test_store_of_another_schema_is_a_store_error(directory: Path, version: int) -> None:
    with contextlib.closing(sqlite3.connect(directory / "store.db")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StoreError, match=f"schema version {version}, {SCHEMA_VERSION} expected"):
        async with Store(directory, ballast_mb=0):
            pass


async def test_directory_without_store_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="paikou migrate"):
        async with Store(tmp_path):
            pass


async def test_directory_may_have_signs_that_mean_something_in_a_uri(
    directory: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "100% #1?"
    odd.mkdir()
    (directory / "store.db").rename(odd / "store.db")
    async with Store(odd, ballast_mb=0) as store:
        await store.write(put("a"))
        assert await store.read(lambda connection: cursors.get(connection, "a")) == 1


def test_every_connection_that_writes_is_durable(directory: Path) -> None:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "auto_vacuum", "foreign_keys")
        ]
    assert found == ["wal", 2, 2, 1]
