"""A flow with a counter through the daemon: stored, summed, held against its samples."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from agent_fakes import EndOfScript, FakeDevice
from agent_house import House
from agent_site import FLOW, HOUR, T0, factor

from agent.model import Cause, Kind, Period, Sample, Statistic
from agent.poll import BusPoll
from agent.stats import CounterRule
from agent.store import samples
from agent.volumes import side_by_side
from drivers.device import Reading

COUNTED = factor(FLOW, range=[0, 100], volume="counter", counter={"points": ["total"]})


async def flowing(
    house: House, *, start: float, seconds: int, per_s: float, total: float, shown: float = 30.0
) -> float:
    """Store a flow of so much by its samples and so much by its counter; give the counter."""

    def job(connection) -> None:  # type: ignore[no-untyped-def]
        for step in range(0, seconds, 10):
            sample = Sample("DW001", FLOW, start + step, shown, total=total + step * per_s)
            samples.add(
                connection,
                [sample],
                device="flow",
                at=start + step,
                epoch=0,
                names=house.names,
            )

    await house.write(job)
    return total + seconds * per_s


def hours(house: House) -> list[float]:
    return [
        cou
        for (cou,) in house.rows(
            "SELECT cou FROM statistics WHERE kind = '1h' AND series = ? ORDER BY start",
            house.names.series["DW001", FLOW, "rtd"],
        )
    ]


async def test_hour_has_the_volume_that_the_meter_counted(house_with: Any) -> None:
    house = await house_with(COUNTED)
    await house.begin()
    total = await flowing(house, start=T0, seconds=HOUR, per_s=0.0303, total=500.0)
    await flowing(house, start=T0 + HOUR, seconds=HOUR, per_s=0.0303, total=total)
    await house.close_at(T0 + 2 * HOUR + 2 * HOUR)
    # the first reading of all has nothing before it
    assert hours(house)[:2] == [pytest.approx(3590 * 0.0303), pytest.approx(HOUR * 0.0303)]
    # 30.3 L/s against 30 L/s: one per cent
    assert house.events("volume_differs") == []


async def test_volumes_that_part_are_told_once_an_hour(house_with: Any) -> None:
    house = await house_with(COUNTED)
    await house.begin()
    await flowing(house, start=T0, seconds=HOUR, per_s=0.033, total=500.0)
    await house.close_at(T0 + 3 * HOUR)
    ((_, _, detail),) = house.events("volume_differs")
    told = json.loads(detail)
    assert told["counter_m3"] == pytest.approx(3590 * 0.033)
    assert told["integral_m3"] == pytest.approx(HOUR * 0.030)


async def test_exchanged_meter_is_told_and_its_leap_not_counted(house_with: Any) -> None:
    house = await house_with(COUNTED)
    await house.begin()
    await flowing(house, start=T0, seconds=HOUR // 2, per_s=0.03, total=500.0)
    await flowing(house, start=T0 + HOUR // 2, seconds=HOUR // 2, per_s=0.03, total=9000.0)
    await house.close_at(T0 + 3 * HOUR)
    assert hours(house)[0] == pytest.approx(2 * 1790 * 0.03)
    ((_, _, detail),) = house.events("counter")
    assert json.loads(detail)["notes"] == ["counter exchanged: 553.7 -> 9000 m3"]


async def test_counter_is_read_in_the_cycle_of_its_flow(house_with: Any) -> None:
    counter = {"points": ["total", "total_fraction"]}
    house = await house_with(factor(FLOW, range=[0, 100], counter=counter))
    await house.time.look()

    def said() -> list[Reading]:
        now = house.clock.now()
        return [
            Reading(FLOW, 30.0, "L/s", now),
            Reading("total", 12.0, "km3", now),
            Reading("total_fraction", 500.0, "L", now),
        ]

    def without() -> list[Reading]:
        return said()[:2]

    async def flush() -> None:
        for _ in range(3):
            await house.store.write(lambda _: None)

    device = FakeDevice("flow", partial(said), partial(without))
    device.at_the_end = flush
    poll = BusPoll(
        "net1",
        [(device, 10.0)],
        plan=house.plan,
        names=house.names,
        store=house.store,
        clock=house.clock,
        time=house.time,
        bells=house.bells,
        metrics=house.metrics,
    )
    try:
        await poll.run()
    except* EndOfScript:
        pass
    found = await house.store.read(
        lambda one: samples.between(one, T0 - 1, T0 + 99, outlet="DW001", names=house.names)
    )
    assert [(one.value, one.total, one.cause) for one in found[FLOW]] == [
        (30.0, 12_000.5, Cause.NORMAL),
        (30.0, None, Cause.NORMAL),
    ]


def test_minute_without_a_valid_mean_or_a_volume_is_left_out_of_both() -> None:
    rule = CounterRule(flow_max=0.2)
    start = int(T0)

    def minute(at: int, mean: float) -> Statistic:
        period = Period(Kind.MINUTE, at)
        figures = (mean, mean, mean, None, Cause.NORMAL, Cause.NORMAL, 1.0, True, 6, 6)
        return Statistic("DW001", FLOW, period, *figures)

    def read(at: int, total: float) -> Sample:
        return Sample("DW001", FLOW, float(at), 30.0, total=total)

    taken = [
        *(read(start + 10 * n, 0.3 * n) for n in range(12)),  # two minutes
        *(read(start + 120 + 10 * n, 900 + 0.3 * n) for n in range(1)),  # an exchange, one reading
    ]
    minutes = [minute(start, 30.0), minute(start + 120, 30.0)]
    counter, integral, notes = side_by_side(rule, minutes, taken, before=None, scale=1e-3)
    assert counter == pytest.approx(1.5)
    assert integral == pytest.approx(1.8)
    assert [one.partition(":")[0] for one in notes] == ["counter exchanged"]
