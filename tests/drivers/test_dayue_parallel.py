"""Parallel bottles, the vessel that is meant, and what the sampler says beside its state."""

from __future__ import annotations

from dataclasses import replace

import pytest
from driver_fakes import FakeClock, bus_on, device_settings

from agent.tools.simulate.dayue import Dayue, Habits
from agent.tools.simulate.dayue_registers import DayueUnit
from agent.tools.simulate.pdu import Refusal
from drivers.dayue import free_run
from drivers.device import Cause, Filled, Refused, RetentionWish, SamplerStatus
from drivers.profile import load_profile
from drivers.question import Question
from drivers.sampler import DayueSampler

STATUS = SamplerStatus(Cause.NORMAL, "", "A", (), None, fault="", temperature_c=None)


class Bench:
    """The simulated sampler behind the real driver."""

    def __init__(self, habits: Habits | None = None) -> None:
        self.clock = FakeClock()
        self.dayue = Dayue(self.clock, habits or Habits(hold_s=1e12))
        self.unit = DayueUnit(self.dayue)
        self.written: list[tuple[int, ...]] = []
        bus, _ = bus_on(self._answer)
        profile = "sampler/dayue-v105"
        self.sampler = DayueSampler(
            device_settings(profile), load_profile(profile), bus=bus, clock=self.clock
        )

    def _answer(self, question: Question) -> list[int]:
        try:
            if question.values:
                self.written.append(tuple(question.values))
                self.unit.write(question.function, question.start, question.values)
                return []
            return list(self.unit.read(question.function, question.start, question.count))
        except Refusal as refusal:
            raise Refused("no", code=refusal.code) from None


@pytest.mark.parametrize(
    ("used", "wanted", "found"),
    [
        ((), 1, (1, 1)),
        ((), 6, (1, 6)),
        ((), 9, (1, 6)),
        ((1, 3), 2, (4, 2)),
        ((1, 3), 1, (2, 1)),
        (tuple(range(1, 23)), 3, (23, 2)),
        (tuple(range(2, 25)), 3, (1, 1)),
        (tuple(range(1, 25)), 1, None),
    ],
)
def test_parallel_bottles_stand_side_by_side_and_none_is_in_use(
    used: tuple[int, ...], wanted: int, found: tuple[int, int] | None
) -> None:
    content = tuple(500 if number in used else 0 for number in range(1, 25))
    assert free_run(replace(STATUS, bottles_ml=content), wanted) == found


async def test_every_parallel_bottle_is_in_the_record_and_they_were_ordered_once() -> None:
    bench = Bench()
    bench.dayue.bottles[0] = 500
    before = await bench.sampler.last_retention()
    record = await bench.sampler.retain(before, RetentionWish(bottles=3))
    assert record.filled == (Filled(2, 500.0), Filled(3, 500.0), Filled(4, 500.0))
    assert bench.written == [(2, 3, 3)]
    assert await bench.sampler.last_retention() == record


async def test_fewer_bottles_than_wanted_are_better_than_none() -> None:
    bench = Bench()
    bench.dayue.bottles[:] = [500] * 23 + [0]
    record = await bench.sampler.retain(None, RetentionWish(bottles=2))
    assert record.filled == (Filled(24, 500.0),)


@pytest.mark.parametrize(("vessel", "kind"), [("A", 1), ("B", 2), (None, 3)])
async def test_vessel_that_is_meant_is_named(vessel: str | None, kind: int) -> None:
    bench = Bench(Habits(led=True))
    bench.dayue.vessels.order(0, 1)
    bench.dayue.vessels.order(1, 1)
    bench.dayue.vessels.order(0, 3)
    record = await bench.sampler.retain(None, RetentionWish(vessel=vessel))
    assert record.ok
    assert bench.written == [(1, 1, kind)]


async def test_status_says_that_a_bottle_is_being_filled_and_when_the_door_moved() -> None:
    bench = Bench()
    assert not (await bench.sampler.status()).retaining
    assert (await bench.sampler.status()).door_at is None
    bench.dayue.retain(1, 1, kind=3)
    bench.clock.at += 2
    assert (await bench.sampler.status()).retaining
    bench.dayue.card = 70_000
    bench.dayue.set_door(open_=True)
    status = await bench.sampler.status()
    assert (status.door_open, status.door_at, status.card) == (True, int(bench.clock.at), 70_000)
