"""Clock, pace and trust: steps are seen, epochs counted, labels given once the clock is right."""

from __future__ import annotations

import asyncio
import json

import pytest
from agent_fakes import FakeClock
from agent_house import House
from agent_site import HOUR, PH, T0

from agent.bells import Bells
from agent.clock import RELEASED_AT, Clock, Pace
from agent.timekeeping import Timekeeper


def test_difference_over_a_second_is_a_step_and_told_once() -> None:
    clock = FakeClock(T0)
    clock.go(100)
    assert clock.step() == 0
    clock.jump(-3600)
    assert clock.step() == -3600
    assert clock.step() == 0
    clock.jump(1.5)
    assert clock.step() == 1.5


def test_slow_correction_is_followed_silently() -> None:
    clock = FakeClock(T0)
    for _ in range(10):
        clock.go(60)
        clock.jump(0.9)
        assert clock.step() == 0


def test_clock_before_the_release_cannot_be_right() -> None:
    assert not FakeClock(RELEASED_AT - 1).sane()
    assert FakeClock(RELEASED_AT).sane()


def test_pace_is_read_as_it_is_printed() -> None:
    pace = Pace(1.5e9, 123.456, 60.0)
    assert Pace.parse(str(pace)) == pace
    assert Clock(pace).speed == 60.0


@pytest.mark.parametrize("text", ["1,2,0", "1,2,-1", "1,2", "1,2,x", ""])
def test_pace_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Pace.parse(text)


async def test_step_is_a_new_epoch_and_a_line_of_the_journal(house: House) -> None:
    await house.time.look()
    assert (house.time.trusted, house.time.epoch) == (True, 0)
    house.clock.jump(-HOUR)
    assert await house.time.look() == -HOUR
    assert house.time.epoch == 1
    ((detail,),) = house.rows("SELECT detail FROM journal WHERE what = 'clock step'")
    assert json.loads(detail) == {"epoch": 1, "step_s": -HOUR}
    assert await house.time.look() == 0
    assert house.time.epoch == 1


async def test_epochs_are_counted_on_after_a_restart(house: House) -> None:
    await house.time.look()
    house.clock.jump(10)
    await house.time.look()
    later = Timekeeper(house.clock, house.store)
    await later.look()
    assert later.epoch == 1
    house.clock.jump(10)
    await later.look()
    assert later.epoch == 2


async def test_step_back_while_nobody_looked_is_a_new_epoch_once(house: House) -> None:
    await house.time.look()
    await house.sampled(PH, [(T0 + 60, 7.0)])
    for _ in range(2):
        later = Timekeeper(house.clock, house.store)
        assert await later.look() == 0
        assert later.epoch == 1
    assert house.rows("SELECT epoch, step_s FROM clock_steps") == [(1, -60)]


async def test_restart_under_a_clock_that_goes_on_is_no_new_epoch(house: House) -> None:
    await house.time.look()
    await house.sampled(PH, [(T0, 7.0)])
    later = Timekeeper(house.clock, house.store)
    await later.look()
    assert later.epoch == 0


async def test_setting_the_clock_right_at_boot_is_no_step_of_the_duty(house: House) -> None:
    house.clock.jump(100.0 - house.clock.now())
    assert await house.time.look() == 0
    assert not house.time.trusted
    house.clock.jump(T0 - house.clock.now())
    await house.time.look()
    assert house.time.trusted
    assert house.rows("SELECT * FROM clock_steps") == []


async def test_samples_of_this_boot_get_their_time_and_those_of_another_stay(house: House) -> None:
    house.clock.jump(100.0 - house.clock.now())
    await house.time.look()
    for boot in (house.time.boot, "another"):
        await house.untimed(7.0, boot=boot, mono=house.clock.monotonic())
    house.clock.go(30)
    house.clock.jump(T0 - house.clock.now())
    await house.time.look()
    assert house.rows("SELECT key >> 16, epoch FROM samples") == [((T0 - 30) * 1000, 0)]
    assert house.rows("SELECT boot FROM untimed") == [("another",)]


async def test_clock_that_falls_back_to_1970_is_not_trusted_until_it_is_right_again(
    house: House,
) -> None:
    await house.time.look()
    house.clock.jump(-T0)
    assert await house.time.look() == 0
    assert not house.time.trusted
    house.clock.jump(T0)
    await house.time.look()
    assert (house.time.trusted, house.time.epoch) == (True, 1)


async def test_bell_that_rang_since_the_last_wait_is_heard_once() -> None:
    bells = Bells()
    assert not await bells.wait("a", 0)
    bells.ring("a", "b")
    assert await bells.wait("a", 10)
    assert not await bells.wait("a", 0)


async def test_bell_nobody_ever_waited_for_takes_no_room() -> None:
    bells = Bells()
    for number in range(100):
        bells.ring(f"done:{number}")
    assert not bells._bells


async def test_bell_wakes_who_waits_for_it() -> None:
    bells = Bells()
    waiting = asyncio.ensure_future(bells.wait("a", 10))
    other = asyncio.ensure_future(bells.wait("b", 0))
    await asyncio.sleep(0)
    bells.ring("a")
    assert await waiting
    assert not await other
