"""Ticks of the wall clock, which only say that somebody may look."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from agent.ticks import Ticks


class Bell:
    def __init__(self) -> None:
        self.rung = 0
        self.heard = asyncio.Event()

    async def ring(self) -> None:
        self.rung += 1
        self.heard.set()


async def test_second_ticks_at_the_pace_of_the_clock() -> None:
    second, night = Bell(), Bell()
    async with Ticks(second=second.ring, hour=night.ring, night=night.ring, speed=100.0):
        async with asyncio.timeout(60):
            for _ in range(3):
                second.heard.clear()
                await second.heard.wait()
    assert night.rung == 0


async def test_ticks_are_set_anew_after_a_step_and_never_doubled() -> None:
    """APScheduler lives on wall time and would sleep through an hour that came again."""
    bell = Bell()
    async with Ticks(second=bell.ring, hour=bell.ring, night=bell.ring, speed=1.0) as ticks:
        scheduler = ticks._scheduler
        job = scheduler.get_job("second")
        job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        ticks.set_anew()
        ticks.set_anew()
        assert sorted(job.id for job in scheduler.get_jobs()) == ["hour", "night", "second"]
        due = scheduler.get_job("second").next_run_time - datetime.now(UTC)
        assert due <= timedelta(seconds=1)


async def test_missed_ticks_come_as_one_and_none_is_skipped_for_being_late() -> None:
    bell = Bell()
    async with Ticks(second=bell.ring, hour=bell.ring, night=bell.ring, speed=1.0) as ticks:
        for job in ticks._scheduler.get_jobs():
            assert job.coalesce
            assert job.max_instances == 1
            assert job.misfire_grace_time is None


async def test_night_is_when_no_report_is_due() -> None:
    bell = Bell()
    async with Ticks(second=bell.ring, hour=bell.ring, night=bell.ring, speed=1.0) as ticks:
        due = ticks._scheduler.get_job("night").next_run_time
    local = due + timedelta(hours=8)
    assert (local.hour, local.minute) == (3, 20)


async def test_nothing_ticks_after_the_end() -> None:
    bell = Bell()
    async with Ticks(second=bell.ring, hour=bell.ring, night=bell.ring, speed=100.0) as ticks:
        await asyncio.wait_for(bell.heard.wait(), 60)
    await asyncio.sleep(0)
    assert not ticks._scheduler.running


@pytest.mark.parametrize("speed", [1000.0, 1e6])
async def test_fast_clock_does_not_tick_the_processor_to_death(speed: float) -> None:
    bell = Bell()
    async with Ticks(second=bell.ring, hour=bell.ring, night=bell.ring, speed=speed) as ticks:
        interval = ticks._scheduler.get_job("second").trigger.interval
    assert interval >= timedelta(seconds=0.05)
