"""The slow look at a sampler: doors, missing bottles, the last free ones, holding times."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from agent_fakes import READY, FakeSampler
from agent_house import House
from agent_sampler import sampler
from agent_site import HOUR, MINUTE, T0

from agent.bottle_watch import LOOK_S, SETTLE_S, BottleWatch
from agent.store import bottles
from agent.store.bottles import Bottle

FULL = replace(READY, bottles_ml=(500, *(0,) * 23), door_at=T0 - HOUR)
KEPT = Bottle(
    0, "r#1", "C1", "sampler", 1, "DW001", "exceedance", (), int(T0), T0, T0, "A", 500.0, 4.0, 1,
    guarded=True, keep_until=T0 + 24 * HOUR,
)  # fmt: skip


class Watched:
    """A house with one kept bottle whose sampler says what the test wants."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.sampler = FakeSampler()
        self.sampler.state = FULL

    def watch(self) -> BottleWatch:
        house = self.house
        return BottleWatch(
            house.plan.site.samplers[0],
            self.sampler,
            house.plan,
            house.names,
            house.store,
            house.clock,
            house.time,
            house.bells,
        )

    async def look(self, **said: Any) -> bool:
        self.sampler.state = replace(self.sampler.state, **said)
        self.house.clock.go(LOOK_S)
        await self.house.time.look()
        return await self.watch().look()

    def kinds(self) -> list[str]:
        return [kind for (kind,) in self.house.rows("SELECT kind FROM events ORDER BY id")]


async def watched_on(house: House) -> Watched:
    await house.time.look()
    await house.write(lambda connection: bottles.add(connection, KEPT))
    found = Watched(house)
    await found.look()
    return found


@pytest.fixture
async def watched(house: House) -> Watched:
    return await watched_on(house)


async def test_what_is_as_before_writes_nothing(watched: Watched) -> None:
    assert watched.kinds() == []
    assert not await watched.look()


async def test_every_opening_is_told_and_touches_the_bottles(watched: Watched) -> None:
    assert await watched.look(door_open=True, door_at=T0 + 10, card=77)
    assert watched.kinds() == ["door_sampler", "retention_touched"]
    ((_, _, text),) = watched.house.events("retention_touched")
    assert (json.loads(text)["bottles"], json.loads(text)["card"]) == (["C1"], 77)
    assert watched.house.one("SELECT touched_at FROM bottles") is not None
    assert not await watched.look(), "told once"
    await watched.look(door_open=False, door_at=T0 + 90)
    ((_, ended, _),) = watched.house.events("door_sampler")
    assert ended is not None


async def test_door_opened_and_closed_between_two_looks_is_told(watched: Watched) -> None:
    assert await watched.look(door_at=T0 + 10)
    assert watched.kinds() == ["door_sampler", "retention_touched"]
    ((_, ended, _),) = watched.house.events("door_sampler")
    assert ended is not None
    assert not await watched.look()


async def test_restart_tells_no_opening_twice(watched: Watched) -> None:
    await watched.look(door_open=True, door_at=T0 + 10)
    assert not await watched.watch().look()


async def test_door_that_stays_open_is_told_after_half_an_hour(watched: Watched) -> None:
    await watched.look(door_open=True, door_at=T0 + 10)
    watched.house.clock.go(29 * MINUTE)
    assert not await watched.look()
    watched.house.clock.go(MINUTE)
    assert await watched.look()
    assert watched.kinds()[-1] == "door_sampler_long"
    assert not await watched.look()


async def test_released_bottle_is_not_touched(watched: Watched) -> None:
    await watched.house.write(
        lambda connection: bottles.release(connection, 1, at=T0, by="wang", why="x")
    )
    await watched.look(door_open=True, door_at=T0 + 10)
    assert watched.kinds() == ["door_sampler"]


async def test_bottle_emptied_at_the_sampler_without_release_is_an_event(
    watched: Watched,
) -> None:
    watched.house.clock.go(SETTLE_S)
    assert await watched.look(bottles_ml=(0,) * 24)
    assert watched.kinds() == ["retention_cleared"]
    assert watched.house.one("SELECT gone_at FROM bottles") is not None
    assert not await watched.look()


async def test_bottle_emptied_after_its_release_is_none(watched: Watched) -> None:
    await watched.house.write(
        lambda connection: bottles.release(connection, 1, at=T0, by="wang", why="x")
    )
    watched.house.clock.go(SETTLE_S)
    assert await watched.look(bottles_ml=(0,) * 24)
    assert watched.kinds() == []
    assert watched.house.one("SELECT gone_at FROM bottles") is not None


async def test_bottle_just_filled_may_not_show_yet(watched: Watched) -> None:
    assert not await watched.look(bottles_ml=(0,) * 24)


@pytest.mark.parametrize(("free", "told"), [(3, False), (2, True), (0, True)])
async def test_last_two_free_bottles_are_told_before_one_is_needed(
    watched: Watched, free: int, told: bool
) -> None:
    assert await watched.look(bottles_ml=(500,) * (24 - free) + (0,) * free) == told
    if not told:
        return
    assert watched.kinds() == ["retention_bottles"]
    ((_, ended, text),) = watched.house.events("retention_bottles")
    assert (ended, json.loads(text)["free"]) == (None, free)
    assert not await watched.look()
    assert await watched.look(bottles_ml=FULL.bottles_ml)
    ((_, ended, _),) = watched.house.events("retention_bottles")
    assert ended is not None


async def test_sampler_that_says_nothing_of_bottles_and_door_is_told_nothing(
    watched: Watched,
) -> None:
    watched.house.clock.go(HOUR)
    assert not await watched.look(bottles_ml=(), door_open=None, door_at=None)


async def test_silent_sampler_is_no_empty_one(watched: Watched) -> None:
    watched.sampler.silent = True
    watched.house.clock.go(HOUR)
    assert not await watched.look()


async def test_end_of_the_holding_time_is_told_before_it_comes(watched: Watched) -> None:
    watched.sampler.silent = True
    watched.house.clock.go(21 * HOUR)
    assert not await watched.look()
    watched.house.clock.go(HOUR)
    assert await watched.look()
    assert watched.kinds() == ["retention_expiring"]
    assert not await watched.look()


async def test_nothing_is_noted_under_a_clock_that_is_not_trusted(house: House) -> None:
    watched = Watched(house)
    watched.sampler.state = replace(FULL, door_open=True)
    house.clock.jump(100.0 - house.clock.now())
    assert not await watched.watch().look()


async def test_bottle_of_a_fixed_time_is_ordered_once_a_day(house_with: Any) -> None:
    watched = await watched_on(await house_with(sampler(timed=["10:05"])))
    watched.house.clock.go(4 * MINUTE - LOOK_S)
    assert not await watched.look()
    watched.house.clock.go(MINUTE)
    assert await watched.look()
    ((request,),) = watched.house.rows("SELECT request FROM actions")
    assert json.loads(request)["mode"] == "timed"
    assert not await watched.look()


async def test_fixed_time_during_maintenance_keeps_nothing_and_says_so(house_with: Any) -> None:
    watched = await watched_on(await house_with(sampler(timed=["10:05"])))
    switch = "INSERT INTO maintenance (outlet, factor, kind, who, why, source, began_at, until)"
    await watched.house.write(
        lambda connection: (
            connection.execute(
                f"{switch} VALUES ('DW001', '', 'maintenance', 'li', 'x', 'operator', ?, ?)",
                (T0, T0 + HOUR),
            )
            and None
        )
    )
    watched.house.clock.go(5 * MINUTE)
    assert await watched.look()
    assert watched.house.rows("SELECT id FROM actions") == []
    ((_, _, text),) = watched.house.events("retention_blocked")
    assert json.loads(text)["reason"] == "switched to maintenance"
