"""What gives way under the page limit, in which order, and what never does."""

from __future__ import annotations

import contextlib
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from agent.model import Upload
from agent.store import actions, cursors, journal, outbox
from agent.store.db import Store, connect, transaction
from agent.store.giving import STEP_ROWS
from agent.store.room import Room

HOUR = 3600
COUNTED = {
    "samples": "SELECT count(*) FROM samples",
    "untimed": "SELECT count(*) FROM untimed",
    "2011": "SELECT count(*) FROM outbox WHERE cn = '2011'",
    "2051 accepted": "SELECT count(*) FROM outbox WHERE cn = '2051' AND state = 'accepted'",
    "2051 open": "SELECT count(*) FROM outbox WHERE cn = '2051' AND state = 'open'",
    "2061": "SELECT count(*) FROM outbox WHERE cn = '2061'",
    "minutes of closed hours": "SELECT count(*) FROM statistics WHERE kind = '1m' AND start < 7200",
    "minutes of open hours": "SELECT count(*) FROM statistics WHERE kind = '1m' AND start >= 7200",
    "hours": "SELECT count(*) FROM statistics WHERE kind = '1h'",
    "actions": "SELECT count(*) FROM actions",
    "journal": "SELECT count(*) FROM journal",
}


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {name: connection.execute(sql).fetchone()[0] for name, sql in COUNTED.items()}


def add_samples(connection: sqlite3.Connection, rows: int, *, size: int = 100) -> None:
    connection.executemany(
        "INSERT INTO samples VALUES (?, 0, zeroblob(?))",
        ((n * 5000 << 16 | 1 << 4, size) for n in range(rows)),
    )


def add_statistic(connection: sqlite3.Connection, kind: str, start: int, series: int = 1) -> None:
    connection.execute(
        "INSERT INTO statistics VALUES"
        " (?, ?, ?, 0, 1.0, 1.0, 1.0, NULL, NULL, NULL, NULL, 'normal', 'normal', 1.0, 1, 12, 12,"
        " 0, '')",
        (kind, start, series),
    )


def add_uploads(connection: sqlite3.Connection, cn: str, starts: range) -> None:
    for at in starts:
        outbox.add(connection, "st1", Upload(cn, "32", at, ("DataTime=1",)), now=float(at))


def fill(connection: sqlite3.Connection) -> None:
    """Some of everything: two hours of minutes whose hours are closed, and one still open."""
    with transaction(connection):
        add_samples(connection, 3000)
        connection.execute("INSERT INTO untimed VALUES ('boot', 1, 1, zeroblob(20))")
        for cn in ("2011", "2051", "2061"):
            add_uploads(connection, cn, range(0, 600, 60))
        connection.execute("UPDATE outbox SET state = 'accepted' WHERE cn = '2051' AND at < 300")
        for start in range(0, 3 * HOUR, 60):
            add_statistic(connection, "1m", start)
        for start in (0, HOUR):
            add_statistic(connection, "1h", start)
        actions.add(
            connection,
            ref="r",
            device="d",
            kind="retain",
            cause="rule",
            request={},
            now=0.0,
            not_after=1.0,
        )
        journal.add(connection, "something", {}, at=0.0)


@pytest.fixture
def room(directory: Path) -> Room:
    return Room(directory, max_mb=None, ballast_mb=0)


def test_rows_give_way_in_the_stated_order(directory: Path, room: Room) -> None:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        fill(connection)
        order: list[str] = []
        before = counts(connection)
        while room.give_way(connection):
            after = counts(connection)
            order += [name for name in COUNTED if after[name] < before[name]]
            before = after
    assert list(dict.fromkeys(order)) == [
        "samples",
        "untimed",
        "2011",
        "2051 accepted",
        "minutes of closed hours",
    ]
    assert before["samples"] == 0, "in the end even the newest"
    assert before["2051 open"] == 5
    assert before["2061"] == 10
    assert before["hours"] == 2
    assert before["minutes of open hours"] == 60, "the hour that is still to be made needs them"
    assert before["actions"] == 1
    assert before["journal"] > 1, "it says what went"


def test_newest_samples_stay_as_long_as_anything_else_may_go(directory: Path, room: Room) -> None:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        with transaction(connection):
            add_samples(connection, STEP_ROWS + 200)
            add_uploads(connection, "2011", range(60))
        newest = (STEP_ROWS + 199) * 5000
        while counts(connection)["2011"]:
            assert room.give_way(connection)
        (left,) = connection.execute(
            "SELECT count(*) FROM samples WHERE key >> 16 > ?", (newest - 600_000,)
        ).fetchone()
        assert left == 120, "the minutes that are still open are made of them"


def test_nothing_gives_way_where_nothing_may(directory: Path, room: Room) -> None:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        assert not room.give_way(connection)


def add_sample(connection: sqlite3.Connection, *, at_ms: int) -> None:
    connection.execute("INSERT INTO samples VALUES (?, 0, zeroblob(100000))", (at_ms << 16,))


async def test_full_store_goes_on_taking_what_counts(directory: Path) -> None:
    async with Store(directory, max_mb=1, ballast_mb=0) as store:
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await store.write(lambda connection: add_samples(connection, 1000, size=4000))
        for n in range(8):
            await store.write(partial(add_sample, at_ms=n * 5000))
        given_up = store.room.given_up

        def duty(connection: sqlite3.Connection) -> None:
            for start in range(0, 300 * HOUR, HOUR):
                add_statistic(connection, "1h", start)
            add_uploads(connection, "2061", range(0, 300 * HOUR, HOUR))
            for n in range(100):
                journal.add(connection, "something", {"n": n, "text": "x" * 1000}, at=float(n))

        await store.write(duty)
        found = await store.read(counts)
        said = await store.read(
            lambda connection: connection.execute(
                "SELECT sum(detail ->> 'rows') FROM journal WHERE what = 'gave way'"
            ).fetchone()[0]
        )
        assert store.room.given_up >= given_up > 0
        assert said == store.room.given_up
    assert (found["hours"], found["2061"]) == (300, 300)
    assert found["journal"] > 100
    assert found["samples"] < 8


async def test_ballast_is_the_first_to_go(directory: Path) -> None:
    async with Store(directory, max_mb=1, ballast_mb=1) as store:
        assert store.room.ballast.stat().st_size == 1024 * 1024
        await store.write(lambda connection: add_samples(connection, 100, size=4000))
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await store.write(lambda connection: add_samples_of(connection, 5000))
        assert not store.room.ballast.exists()
    async with Store(directory, max_mb=1, ballast_mb=1) as store:
        assert store.room.ballast.exists(), "laid again at the next start"


def add_samples_of(connection: sqlite3.Connection, rows: int) -> None:
    connection.executemany(
        "INSERT INTO samples VALUES (?, 0, zeroblob(4000))", ((n << 16 | 7,) for n in range(rows))
    )


def test_ballast_goes_before_any_row(directory: Path) -> None:
    room = Room(directory, max_mb=None, ballast_mb=1)
    with contextlib.closing(connect(directory / "store.db")) as connection:
        room.settle(connection)
        with transaction(connection):
            add_samples(connection, 10)
        assert room.give_way(connection)
        assert not room.ballast.exists()
        assert counts(connection)["samples"] == 10


async def test_job_that_never_fits_fails_alone(directory: Path) -> None:
    async with Store(directory, max_mb=1, ballast_mb=0) as store:
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await store.write(lambda connection: add_samples(connection, 1000, size=4000))
        await store.write(lambda connection: cursors.put(connection, "a", 1))
        assert await store.read(lambda connection: cursors.get(connection, "a")) == 1


async def test_job_leaves_nothing_on_a_disk_for_its_undoing(directory: Path) -> None:
    files: list[str] = []

    def job(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE samples SET pack = zeroblob(4000)")
        opened = Path("/proc/self/fd").iterdir()
        files.extend(str(one.readlink()) for one in opened if one.is_symlink())

    async with Store(directory, ballast_mb=0) as store:
        await store.write(lambda connection: add_samples(connection, 200, size=3000))
        await store.write(job)
    assert any(name.endswith("store.db") for name in files)
    assert not any("etilqs" in name for name in files), "SQLite's name for a temporary file"


async def test_room_of_the_log_stays_laid_while_nobody_has_the_store_open(directory: Path) -> None:
    log = directory / "store.db-wal"
    async with Store(directory, ballast_mb=1) as store:
        await store.write(lambda connection: add_samples(connection, 100))
    assert log.read_bytes() == bytes(1024 * 1024), "room, and nothing of what was moved"
    async with Store(directory, ballast_mb=1) as store:
        assert (await store.read(counts))["samples"] == 100
