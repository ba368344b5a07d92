"""Early warning: an hour and a water day that go towards their limit are told in time (SUP-07)."""

from __future__ import annotations

import json

from agent_house import House
from agent_site import COD, DAY, FLOW, HOUR, PH, T0, factor

from agent.foreseeing import foresee
from agent.model import Cause, Kind, Period, Statistic
from agent.store import statistics

LIMIT = {"high": 9.0, "on": "hour"}
MIDNIGHT = Period.holding(Kind.DAY, T0).start


def levels(house: House) -> list[tuple[str, int]]:
    rows = house.rows("SELECT factor, detail FROM events WHERE kind = 'foreseen' ORDER BY id")
    return [(code, json.loads(detail)["level"]) for code, detail in rows]


async def test_hour_towards_its_limit_is_told_level_by_level(house_with) -> None:  # type: ignore[no-untyped-def]
    house = await house_with(factor(PH, limits=[LIMIT]))
    await house.begin()
    await house.steady(PH, T0, T0 + 1200, value=7.0)
    await house.close_at(T0 + 1206)
    assert levels(house) == []
    await house.steady(PH, T0 + 1200, T0 + 1800, value=8.0)
    await house.close_at(T0 + 1806)
    assert levels(house) == [(PH, 80)]
    await house.steady(PH, T0 + 1800, T0 + 2700, value=11.0)
    await house.close_at(T0 + 2706)
    assert levels(house) == [(PH, 80), (PH, 100)]


async def test_few_minutes_and_a_factor_without_limit_say_nothing(house_with) -> None:  # type: ignore[no-untyped-def]
    house = await house_with(factor(PH, limits=[LIMIT]))
    await house.begin()
    await house.steady(PH, T0, T0 + 840, value=20.0)
    await house.steady(FLOW, T0, T0 + 3000, value=20.0)
    await house.close_at(T0 + 846)
    assert levels(house) == []


def hour(code: str, number: int, avg: float, cou: float | None = None) -> Statistic:
    period = Period(Kind.HOUR, MIDNIGHT + number * HOUR)
    normal = Cause.NORMAL
    return Statistic("DW001", code, period, avg, avg, avg, cou, normal, normal, 1.0, True, 1, 1)


async def test_water_day_is_projected_by_flow_to_100_percent(house_with) -> None:  # type: ignore[no-untyped-def]
    limits = [{"high": 50, "on": "day"}]
    house = await house_with(factor(COD, limits=limits))
    values = [45.0] * 17 + [65.0]
    rows = [
        one
        for n, value in enumerate(values)
        for one in (hour(COD, n, value), hour(FLOW, n, 14.0, 50.0))
    ]
    await house.write(lambda one: statistics.add(one, rows, names=house.names))
    last = Period(Kind.HOUR, MIDNIGHT + 17 * HOUR)

    def look(one) -> None:  # type: ignore[no-untyped-def]
        outlet = house.plan.outlets["DW001"]
        foresee(one, house.plan, house.names, outlet, last, now=T0 + DAY)

    await house.write(look)
    await house.write(look)
    assert levels(house) == [(COD, 100)]
    detail = json.loads(house.events("foreseen")[0][2])
    assert detail["projected"] == (45 * 17 + 65 * 7) / 24
