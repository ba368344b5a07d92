"""The disk full, by others or by our own page limit: what is owed goes on, raw samples give way."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from campaign_audit import (
    Run,
    journal_faults,
    number_faults,
    open_faults,
    period_faults,
    statistic_faults,
    upload_faults,
)
from campaign_house import House, pace_from
from campaign_site import MEADOW, meadow
from campaign_store import platform_lines, read
from daemon_bench import until

from agent.store import journal
from agent.store.db import Store
from agent.tools.broker import Broker
from agent.tools.migrate import migrate

pytestmark = pytest.mark.system

SPEED = 240.0
MORNING = 1_795_312_800.0
"""2026-11-22 10:00 of UTC+8."""
OLD_MS = int(MORNING - 86_400) * 1000
DAY_MS = 86_400_000
OLD_PAGES = 400
DISK_MB = 24
LIMIT_MB = 64
MB = 1024 * 1024
NOTES = "SELECT count(*) FROM journal WHERE what = 'something'"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small file system of our own."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "paikou-test", str(place)],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        reason = f"no file system of our own can be mounted here: {done.stderr.strip()}"
        if os.environ.get("PAIKOU_REQUIRE_SYSTEM") == "1" and os.geteuid() == 0:
            pytest.fail(f"{reason}; PAIKOU_REQUIRE_SYSTEM=1 lets nothing be skipped")
        pytest.skip(reason)
    yield place
    # lazy: a test that failed may still hold its store open
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Write until not one more byte fits, or until an agent gave up some room meanwhile."""
    foreign = place / "foreign"
    with foreign.open("ab", buffering=0) as file:
        for size in (MB, 4096, 1):
            with contextlib.suppress(OSError):
                for _ in range(4096):
                    file.write(b"x" * size)
    return foreign


def fill_up(place: Path) -> Path:
    """Fill a disk on which nobody gives up room, and see that not one more byte fits."""
    foreign = fill(place)
    with (
        pytest.raises(OSError, match=os.strerror(errno.ENOSPC)),
        (place / "more").open("wb") as one,
    ):
        one.write(b"x")
        one.flush()
    (place / "more").unlink()
    return foreign


def minutes(plant: House) -> int:
    ((count,),) = plant.rows("SELECT count(*) FROM outbox WHERE cn = '2051' AND state = 'accepted'")
    return int(count)


async def five_more_minutes(plant: House) -> None:
    """Wait until five more minutes have been closed, sent and acknowledged."""
    before = minutes(plant)
    await until(lambda: minutes(plant) >= before + 5, within_s=120)


def newest_sample(plant: House) -> float:
    ((key,),) = plant.rows("SELECT max(key) >> 16 FROM samples")
    return float(key) / 1000


async def disk(plant: House, name: str) -> int:
    return int((await plant.agent.ask("status"))["disk"][name])


async def end(plant: House, began: float) -> list[str]:
    """Stop the agent and look at what it left; samples may be gone, nothing else."""
    ended = plant.now() - 5 * SPEED
    drained = await plant.drained()
    assert await plant.agent.stop() == 0, plant.said()
    snap = read(plant.store)
    faults = [] if snap.sound == "ok" else [snap.sound]
    faults += [*journal_faults(snap), *number_faults(snap), *statistic_faults(snap, MEADOW)]
    faults += [*period_faults(snap, MEADOW, Run(began, ended)), *open_faults(snap, drained)]
    faults += upload_faults(snap, platform_lines(plant.log), MEADOW)
    return faults


def fill_pages(store: Path, pages: int | None = None) -> int:
    """Lay old samples into a store until all of so many pages are used; gives how many rows.

    Without a number the store gets no page more than it has.
    """
    pack = struct.pack("<HBd", 1, 0, 7.0) * 300  # series 1, normal, a number
    with contextlib.closing(sqlite3.connect(store, timeout=30, isolation_level=None)) as connection:
        (there,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages or there}")
        connection.execute("PRAGMA wal_autocheckpoint = 100")
        laid = 0
        for at_once in (100, 10, 1):
            while (free := lay(connection, pack, at_once)) is None:
                laid += at_once
            left = free
    assert left <= 2, "it was not the pages that came to an end"
    return laid


def lay(connection: sqlite3.Connection, pack: bytes, rows: int) -> int | None:
    """Commit some old samples; where they do not fit, give how many pages are free without them."""
    connection.execute("BEGIN IMMEDIATE")
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (newest,) = connection.execute(
        "SELECT max(key) >> 16 FROM samples WHERE key >> 16 < ?", (OLD_MS + DAY_MS,)
    ).fetchone()
    first = OLD_MS if newest is None else newest + 1
    try:
        connection.executemany(
            "INSERT INTO samples VALUES (?, 0, ?)",
            ((at_ms << 16 | 1 << 4, pack) for at_ms in range(first, first + rows)),
        )
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        assert error.sqlite_errorcode == sqlite3.SQLITE_FULL, error
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return int(free)
    return None


def old_samples(plant: House) -> int:
    ((count,),) = plant.rows("SELECT count(*) FROM samples WHERE key >> 16 < ?", MORNING * 1000)
    return int(count)


async def test_disk_filled_by_others_costs_samples_only(
    small_disk: Path, tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nor is there another disk for what is only kept for a while
    monkeypatch.setenv("SQLITE_TMPDIR", str(small_disk))
    site = meadow(tmp_path, broker.port, speed=SPEED)
    site["storage"]["directory"] = str(small_disk / "state")
    async with House(tmp_path, site, pace_from(MORNING, SPEED), broker) as plant:
        await plant.simulate()
        await plant.listen()
        await plant.run()
        began = plant.now() + 2 * SPEED
        laid = fill_pages(plant.store, OLD_PAGES)
        assert laid > 0
        foreign = fill(small_disk)
        await plant.agent.heard("grows no more")
        assert not (small_disk / "state" / "ballast").exists()
        fill_up(small_disk)
        await five_more_minutes(plant)
        # even the room that the store has inside comes to an end
        laid += fill_pages(plant.store)
        fill_up(small_disk)
        await until(lambda: old_samples(plant) < laid, within_s=120)
        await five_more_minutes(plant)
        assert await disk(plant, "rows_given_up") > 0
        foreign.unlink()
        freed = plant.now()
        await until(lambda: newest_sample(plant) > freed + SPEED)
        await until(lambda: (small_disk / "state" / "ballast").exists(), within_s=120)
        await five_more_minutes(plant)
        assert await end(plant, began) == []
        assert "Traceback" not in plant.said()


async def test_page_limit_costs_old_samples_only(tmp_path: Path, broker: Broker) -> None:
    site = meadow(tmp_path, broker.port, speed=SPEED, max_mb=LIMIT_MB)
    async with House(tmp_path, site, pace_from(MORNING, SPEED), broker) as plant:
        await plant.simulate()
        await plant.listen()
        await plant.run()
        assert await plant.agent.stop() == 0
        ((page,),) = plant.rows("PRAGMA page_size")
        fill_pages(plant.store, LIMIT_MB * MB // page)
        assert plant.store.stat().st_size > (LIMIT_MB - 1) * MB
        laid = old_samples(plant)
        await plant.run()
        began = plant.now() + 2 * SPEED
        await until(lambda: old_samples(plant) < laid, within_s=120)
        assert await disk(plant, "times_full") > 0
        await five_more_minutes(plant)
        assert old_samples(plant) > 0
        assert newest_sample(plant) > began
        assert await end(plant, began) == []
        assert plant.store.stat().st_size <= LIMIT_MB * MB
        assert "Traceback" not in plant.said()


@pytest.fixture
def directory(small_disk: Path) -> Path:
    """Make an empty store on the small disk."""
    migrate(small_disk)
    return small_disk


async def lay_old(store: Store, rows: range) -> None:
    """Commit big samples, five seconds apart, a few at a time as a log wants it that is small."""

    def job(connection: sqlite3.Connection, first: int) -> None:
        keys = range(first, first + 20)
        connection.executemany(
            "INSERT INTO samples VALUES (?, 0, zeroblob(3300))",
            ((number * 5000 << 16 | 1 << 4,) for number in keys),
        )

    for first in rows[::20]:
        await store.write(partial(job, first=first))


async def note(store: Store, lines: int) -> None:
    """Commit lines of the journal, each by itself."""

    def job(connection: sqlite3.Connection) -> None:
        journal.add(connection, "something", {"text": "x" * 1000}, at=MORNING)

    for _ in range(lines):
        await store.write(job)


async def one(store: Store, query: str) -> int:
    return int(await store.read(lambda connection: connection.execute(query).fetchone()[0]))


async def pages(store: Store) -> int:
    """Give how many bytes its pages are, in the file or not."""
    return await one(store, "PRAGMA page_count") * await one(store, "PRAGMA page_size")


@pytest.mark.parametrize(("in_log", "left"), [(100, 0), (0, 128 * 1024)])
async def test_log_is_not_held_by_pages_that_others_took_the_room_of(
    directory: Path, in_log: int, left: int
) -> None:
    async with Store(directory, ballast_mb=4) as store:
        await lay_old(store, range(1000))
        with contextlib.closing(sqlite3.connect(store.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        await lay_old(store, range(1000, 1000 + in_log))
        store.room.ballast.unlink()  # the ballast went, and others were the first to write
        foreign = fill_up(directory)
        os.truncate(foreign, foreign.stat().st_size - left)
        assert in_log == 0 or await pages(store) > store.path.stat().st_size
        await lay_old(store, range(1100, 1200))
        fill_up(directory)
        await note(store, 1000)
        assert await pages(store) <= store.path.stat().st_size
        assert await one(store, NOTES) == 1000
        assert await one(store, "SELECT min(key >> 16) FROM samples") > 0
        assert await one(store, "SELECT max(key >> 16) FROM samples") == 1199 * 5000
        assert store.room.given_up > 0


@pytest.mark.parametrize("tight", [False, True])
async def test_store_starts_again_on_a_full_disk(directory: Path, tight: bool) -> None:
    async with Store(directory, ballast_mb=4) as store:
        await lay_old(store, range(1000))
        fill_up(directory)
        await note(store, int(tight))
    fill_up(directory)
    async with Store(directory, ballast_mb=4) as store:
        await note(store, 3000)
        assert (
            await one(store, "SELECT count(*) FROM journal WHERE what = 'something'")
            == 3000 + tight
        )
        assert store.room.given_up > 0
