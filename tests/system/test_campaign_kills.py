"""SIGKILL at random moments, under load, while minutes close and bottles are being kept."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_audit import (
    Run,
    bottle_faults,
    journal_faults,
    kept_faults,
    number_faults,
    open_faults,
    period_faults,
    statistic_faults,
    upload_faults,
)
from campaign_house import House, pace_from
from campaign_site import EXCEEDING, FACTORY, factory
from campaign_store import Snapshot, platform_lines, read, snapshot
from daemon_bench import ready, until

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

SPEED = 180.0
EVENING = 1_795_360_800.0
"""2026-11-22 23:20 of UTC+8: hours and a day end within the campaign."""
FILL_S = 270.0
"""How long a bottle takes to fill, on the clock; 1.5 real seconds."""
FULL_DAY_S = 118 * 60.0
"""By then the day that ended has been closed."""
BOTTLES = 24


class Cellar:
    """Counts every bottle the sampler fills; full ones are exchanged before there are too many."""

    def __init__(self, plant: House) -> None:
        self._plant = plant
        self._carried_away = 0

    async def full(self) -> list[int]:
        said = (await self._plant.order(do="show"))["devices"]["sampler"]
        return [n for n, volume in enumerate(said["bottles_ml"], start=1) if volume]

    async def exchange(self) -> None:
        full = await self.full()
        if len(full) > BOTTLES // 2:
            await self._plant.order(do="bottles", device="sampler", bottles=full)
            self._carried_away += len(full)

    async def filled(self) -> int:
        return self._carried_away + len(await self.full())


async def exceed(plant: House) -> None:
    """Let both analyzers come out with too high a result, now."""
    for device, (point, value) in EXCEEDING.items():
        await plant.order(do="set", device=device, point=point, value=value)
        await plant.order(do="measure", device=device)


async def filling(plant: House) -> bool:
    said = await plant.order(do="show")
    return said["devices"]["sampler"]["word"] in ("0x8000", "0xC000")


async def live_for(plant: House, seconds: float) -> None:
    """Let the agent live for a while; it must not end by itself."""
    with contextlib.suppress(TimeoutError):
        code = await asyncio.wait_for(plant.agent.process.wait(), seconds)
        pytest.fail(f"the agent ended by itself with {code}: {plant.agent.said()}")


async def kill(plant: House) -> Snapshot:
    """Kill the agent and look at what it left."""
    plant.agent.process.kill()
    await plant.agent.process.wait()
    return snapshot(plant.store, plant.folder / "aside")


def audit(snap: Snapshot, log: Path) -> Iterator[str]:
    """Everything that must hold at any moment, whoever was killed."""
    lines = platform_lines(log)
    if snap.sound != "ok":
        yield f"integrity: {snap.sound}"
    yield from journal_faults(snap)
    yield from number_faults(snap)
    yield from statistic_faults(snap, FACTORY)
    yield from upload_faults(snap, lines, FACTORY)


@pytest.mark.parametrize(
    "kills", [5, pytest.param(50, marks=pytest.mark.soak)], ids=["reduced", "whole"]
)
async def test_nothing_is_lost_or_done_twice_by_kills_at_random_moments(
    kills: int, tmp_path: Path, broker: Broker
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed of the moments: {seed}")
    moments = random.Random(seed)
    site = factory(tmp_path, broker.port, speed=SPEED)
    async with House(tmp_path, site, pace_from(EVENING, SPEED), broker) as plant:
        await plant.simulate("--cycle-s", "1800", "--fill-s", str(FILL_S))
        await plant.listen()
        await plant.run()
        began = plant.now() + 2 * SPEED
        cellar = Cellar(plant)
        before = None
        in_bottles = 0
        for number in range(kills):
            await exceed(plant)
            if moments.random() < 0.6:
                with contextlib.suppress(TimeoutError):
                    await until(lambda: filling(plant), within_s=5)
            await live_for(plant, moments.uniform(0.0, 2.0))
            in_bottles += await filling(plant)
            after = await kill(plant)
            faults = list(audit(after, plant.log))
            if before is not None:
                faults += kept_faults(before, after)
            assert faults == [], f"seed {seed}, kill {number}"
            before = after
            await plant.launch()
            await live_for(plant, moments.choice((0.0, moments.uniform(0.2, 4.0))))
            await cellar.exchange()
        await ready(plant.agent)  # what is asked for below may be there already
        await plant.until("SELECT 1 FROM statistics WHERE kind = '1h' AND start > ?", began - 3600)
        await until(lambda: plant.now() > EVENING + FULL_DAY_S, within_s=FULL_DAY_S / SPEED)
        await until(lambda: settled(plant))
        ended = plant.now() - 5 * SPEED
        drained = await plant.drained()
        assert await plant.agent.stop() == 0, plant.agent.said()
        filled = await cellar.filled()
        last = read(plant.store)
        assert before is not None
        faults = [*audit(last, plant.log), *kept_faults(before, last)]
        faults += [*bottle_faults(last, filled), *period_faults(last, FACTORY, Run(began, ended))]
        faults += open_faults(last, drained)
        assert faults == [], f"seed {seed}"
        assert "Traceback" not in plant.said()
    assert_not_blind(last, plant.store, plant.log, filled)
    print(f"{len(last['statistics'])} statistics, {len(last['outbox'])} uploads, "
          f"{filled} bottles, {in_bottles} kills while one was filled")  # fmt: skip
    assert filled > 0
    assert {kind for kind, *_ in last["statistics"]} == {"1m", "10m", "1h", "1d"}


async def settled(plant: House) -> bool:
    """No order is open any more."""
    query = "SELECT 1 FROM actions WHERE state IN ('queued', 'running', 'unknown')"
    return not plant.rows(query)


SPOILED = {
    "an hour missing": "DELETE FROM statistics WHERE kind = '1h'",
    "a minute altered": "UPDATE statistics SET avg = avg + 1 WHERE kind = '1m'",
    "a journal line altered": "UPDATE journal SET at = at + 1 WHERE seq = 2",
    "a number given again": "UPDATE outbox SET qn_ms = (SELECT min(qn_ms) FROM outbox)",
    "an upload open again": "UPDATE outbox SET state = 'open' WHERE cn = '2051'",
    "an upload nobody owed": "DELETE FROM outbox WHERE cn = '3015'",
    "another text than was sent": "UPDATE outbox SET body = 'DataTime=1' WHERE cn = '2061'",
    "an order forgotten": "DELETE FROM actions",
    "an event ended again": "UPDATE events SET ended_at = 1",
}


def assert_not_blind(sound: Snapshot, store: Path, log: Path, filled: int) -> None:
    """Spoil copies of what was just found right: the audit must see each of these faults."""
    for what, spoil in SPOILED.items():
        copy = store.parent / "spoiled.db"
        shutil.copy(store, copy)
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            connection.execute(spoil)
            connection.commit()
        snap = read(copy)
        found = [*audit(snap, log), *kept_faults(sound, snap), *bottle_faults(snap, filled)]
        assert found, f"the audit is blind to {what}"
    assert list(bottle_faults(sound, filled + 1)), "the audit is blind to a bottle too many"
    lines = platform_lines(log)
    one = next(line for line in lines if line["cn"] == "2061")
    other = {**one, "frame": one["frame"].replace("Flag=", "Flag=x", 1)}
    for shown in ([line for line in lines if line["qn"] != one["qn"]], [*lines, other]):
        assert list(upload_faults(sound, shown, FACTORY)), "the audit is blind to the platform"
