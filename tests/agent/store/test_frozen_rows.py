"""What is frozen is pruned by nobody, and what lies beside it is; a full disk takes it last."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from agent_site import DAY, HOUR, PH, T0

from agent import upkeep as module
from agent.store import frame_packs, holds, journal, seals
from agent.store.db import connect, transaction
from agent.store.frame_packs import FrameRecord
from agent.store.frozen_rows import SINCE
from agent.store.holds import Hold, free, frozen
from agent.store.room import Room
from agent.tools.verify.store import verify_store
from agent.upkeep import upkeep


def hold(start: float, end: float | None, ref: str = "a", outlet: str = "") -> Hold:
    return Hold(0, ref, outlet, int(start), None if end is None else int(end), "督办", "hand", "王",
                T0)  # fmt: skip


async def freeze(house: House, start: float, end: float | None, ref: str = "a") -> None:
    await house.write(lambda connection: holds.add(connection, hold(start, end, ref)))


@pytest.fixture
async def short(house_with: Any) -> House:
    def days(site: dict[str, Any]) -> None:
        site["storage"] = {"samples_days": 2, "minutes_days": 32, "years": 1, "frames_mb": 16}

    house: House = await house_with(days)
    return house


def test_holds_are_as_long_as_whole_steps_and_join_where_they_touch() -> None:
    found = frozen([hold(3700, 3800), hold(7200, 7300, "b"), hold(20_000, None, "c")], grid_s=HOUR)
    assert found == [(3600, 10_800), (18_000, float("inf"))]
    assert list(free(found, until=15_000.0)) == [(-float("inf"), 3600), (10_800, 15_000)]
    assert list(free(found, until=90_000.0))[-1] == (10_800, 18_000)


async def test_samples_of_a_frozen_hour_stay_and_their_neighbours_go(short: House) -> None:
    old = T0 - 5 * DAY
    moments = [old - 1.0, old, old + HOUR - 1.0, old + HOUR, old + 3 * HOUR]
    await short.sampled(PH, [(at, 7.0) for at in moments])
    await freeze(short, old + 600, old + 700)
    await upkeep(short.plan, short.store, short.clock, short.metrics)
    left = [at / 1000 for (at,) in short.rows("SELECT key >> 16 FROM samples ORDER BY key")]
    assert left == [old, old + HOUR - 1.0]
    told = [json.loads(text) for (text,) in short.rows(
        "SELECT detail FROM journal WHERE what = 'pruned' ORDER BY seq")]  # fmt: skip
    assert [(one.get("since"), one["before"], one["rows"]) for one in told] == [
        (None, old, 1), (old + HOUR, T0 - 2 * DAY, 2)]  # fmt: skip


async def test_released_interval_is_pruned_like_any_other(short: House) -> None:
    await short.sampled(PH, [(T0 - 5 * DAY, 7.0)])
    await freeze(short, T0 - 5 * DAY, T0 - 5 * DAY + 10)
    await upkeep(short.plan, short.store, short.clock, short.metrics)
    assert short.one("SELECT count(*) FROM samples") == 1
    await short.write(lambda connection: holds.release(connection, "a", at=T0, by="x", why=""))
    await upkeep(short.plan, short.store, short.clock, short.metrics)
    assert short.one("SELECT count(*) FROM samples") == 0


async def test_row_that_reaches_into_a_frozen_interval_stays(short: House) -> None:
    old = T0 - 800 * DAY

    def job(connection: sqlite3.Connection) -> None:
        for ref, at, ended_at in (
            ("before", old - 3 * DAY, old - 2 * DAY),
            ("across", old - 3 * DAY, old + 3 * DAY),
            ("inside", old + 60, old + 120),
            ("after", old + 2 * DAY, old + 3 * DAY),
        ):
            connection.execute(
                "INSERT INTO events (ref, kind, at, outlet, factor, ended_at, detail)"
                " VALUES (?, 'door', ?, '', '', ?, '{}')",
                (ref, at, ended_at),
            )

    await short.write(job)
    await freeze(short, old, old + HOUR)
    await upkeep(short.plan, short.store, short.clock, short.metrics)
    left = [ref for (ref,) in short.rows("SELECT ref FROM events ORDER BY id")]
    assert left == ["across", "inside"]


async def test_store_with_a_frozen_part_verifies_and_a_change_in_it_is_found(
    short: House,
) -> None:
    await short.time.look()
    await short.begin()
    for _ in range(3):
        await short.live(60)
    await short.write(lambda connection: seals.seal(connection, now=short.clock.now() + HOUR))
    await freeze(short, T0 + HOUR, T0 + HOUR + 60)
    short.clock.go(10 * DAY)
    await upkeep(short.plan, short.store, short.clock, short.metrics)
    assert short.one("SELECT count(*) FROM samples") > 0
    with contextlib.closing(sqlite3.connect(short.store.path, isolation_level=None)) as connection:
        looked = verify_store(connection)
        assert (looked.faults, looked.pruned > 0) == ([], True)
        connection.execute("BEGIN")
        connection.execute("UPDATE samples SET pack = CAST(pack || x'00' AS BLOB) WHERE key ="
                           " (SELECT min(key) FROM samples)")  # fmt: skip
        assert [one.what for one in verify_store(connection).faults] == ["changed"]
        connection.execute("ROLLBACK")


async def test_message_log_beyond_its_share_keeps_what_is_frozen(house: House) -> None:
    def job(connection: sqlite3.Connection) -> None:
        for number in range(4):
            at = T0 + number * HOUR
            frame_packs.add(connection, [FrameRecord(at, "st1", ">", "", "2011", "x" * 50)])

    await house.write(job)
    await freeze(house, T0 + 60, T0 + 120)
    gone = await house.write(lambda connection: frame_packs.drop_above(connection, 0, limit=10))
    assert gone == 3
    assert house.one("SELECT first_at FROM frames") == T0


def test_everything_that_is_pruned_says_since_when_a_row_is() -> None:
    named = set(re.findall(r'yield "(\w+)"', inspect.getsource(module)))
    assert named - {"untimed", "holds", "bundles"} <= set(SINCE)


def test_full_disk_takes_what_is_frozen_last_and_says_whose_it_was(directory: Path) -> None:
    room = Room(directory, max_mb=None, ballast_mb=0)
    with contextlib.closing(connect(directory / "store.db")) as connection:
        with transaction(connection):
            connection.executemany(
                "INSERT INTO samples VALUES (?, 0, zeroblob(100))",
                ((n * 60_000 << 16 | 1 << 4,) for n in range(600)),
            )
            connection.execute("INSERT INTO untimed VALUES ('boot', 1, 1, zeroblob(20))")
            holds.add(connection, hold(2 * HOUR, 2 * HOUR + 60))
        left: list[set[int]] = []
        while room.give_way(connection):
            left.append({key // (60_000 << 16) // 60 for (key,) in
                         connection.execute("SELECT key FROM samples")})  # fmt: skip
        assert {2} in left, "all but the frozen hour"
        assert left[-1] == set()
        lines = connection.execute("SELECT detail FROM journal WHERE what = 'gave way'")
        told = [json.loads(text) for (text,) in lines]
        said = ["frozen" in one for one in told]
        assert said == sorted(said), "from then on"
        assert told[-1]["frozen"] == ["a"]
        assert journal.broken_at(connection) is None
