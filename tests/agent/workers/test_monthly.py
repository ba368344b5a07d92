"""A month's validated values out of the store: means, relief of tax (CMP-09), WAT-30."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, HOUR, T0, factor

from agent.model import Cause, Kind, Period, Statistic
from agent.monthly import FactorMonth, of_month
from agent.store import columns, statistics

Builder = Callable[..., Awaitable[House]]
MONTH = Period.holding(Kind.MONTH, T0)
LIMITED = factor(COD, limits=[{"high": 50, "on": "day"}])


def row(kind: Kind, start: float, value: float, *, valid: bool = True, due: int = 24) -> Statistic:
    cause = Cause.NORMAL if valid else Cause.FAULT
    period = Period(kind, int(start))
    return Statistic(
        "DW001", COD, period, value, value, value, None, cause, cause, 1.0, valid, due, due
    )


def day(number: int, value: float, **more: Any) -> Statistic:
    return row(Kind.DAY, MONTH.start + number * DAY, value, **more)


def hours(number: int, *, valid: int) -> list[Statistic]:
    start = MONTH.start + number * DAY
    return [row(Kind.HOUR, start + n * HOUR, 1.0, valid=n < valid, due=1) for n in range(24)]


async def stored(house: House, *rows: Statistic) -> None:
    await house.write(lambda at: statistics.add(at, rows, names=house.names))


async def months(house: House) -> list[FactorMonth]:
    outlet = house.plan.outlets["DW001"]
    return await house.store.read(lambda at: of_month(at, outlet, MONTH, names=house.names))


async def test_cmp_09_water_has_the_mean_of_its_valid_days(house_with: Builder) -> None:
    house = await house_with(LIMITED)
    await stored(house, day(0, 30.0), day(1, 50.0), day(2, 99.0, valid=False), day(31, 80.0))
    (one,) = await months(house)
    assert (one.factor, one.parts, one.valid, one.mean) == (COD, 3, 2, 40.0)
    assert (one.over, one.largest, one.relief) == (0, 50.0, True)


async def test_cmp_09_one_day_over_its_limit_closes_the_relief(house_with: Builder) -> None:
    house = await house_with(LIMITED)
    await stored(house, day(0, 30.0), day(1, 50.1))
    (one,) = await months(house)
    assert (one.over, one.largest, one.relief) == (1, 50.1, False)


async def test_cmp_06_day_that_marks_took_away_is_not_judged(house_with: Builder) -> None:
    house = await house_with(LIMITED)
    await stored(house, day(0, 30.0), day(1, 90.0))
    lost = replace(day(1, 90.0), avg=None, valid=False, cause=Cause.MAINTENANCE)
    await house.write(lambda at: columns.put(at, "marks", [lost], names=house.names))
    (one,) = await months(house)
    assert (one.valid, one.mean, one.relief) == (1, 30.0, True)


async def test_without_a_limit_of_the_day_nothing_is_said_of_relief(house: House) -> None:
    await stored(house, day(0, 30.0))
    (one,) = await months(house)
    assert (one.mean, one.relief) == (30.0, None)


async def test_wat_30_share_of_valid_hours_among_those_due(house_with: Builder) -> None:
    house = await house_with(LIMITED)
    await stored(house, *hours(0, valid=24), *hours(1, valid=20), *hours(2, valid=24))
    await stored(house, day(0, 30.0), day(1, 30.0, due=23))  # the third is not closed yet
    (one,) = await months(house)
    assert one.rate == pytest.approx(44 / 47 * 100)


async def test_month_without_rows_has_no_factor(house: House) -> None:
    assert await months(house) == []


async def test_cmp_01_gas_is_judged_by_its_converted_hours(house_with: Builder) -> None:
    def gas(site: dict[str, Any]) -> None:
        so2 = {"device": "cod", "conversions": ["oxygen"], "limits": [{"high": 50, "on": "hour"}]}
        oxygen = {"device": "cod"}
        site["devices"][2]["profile"] = "gas/fpi-cems2000"
        site["outlets"][0] = {
            "id": "DW001",
            "medium": "gas",
            "factors": {"a21026": so2, "a19001": oxygen},
            "gas": {"reference_oxygen": 6},
        }
        site["samplers"] = []

    house = await house_with(gas)
    one = replace(row(Kind.HOUR, MONTH.start, 30.0), factor="a21026", zs_avg=62.0)
    other = replace(one, period=one.period.next(), zs_avg=None)
    await stored(house, one, other)
    (found,) = await months(house)
    assert (found.parts, found.valid, found.mean, found.over) == (2, 1, 62.0, 1)
    assert (found.relief, found.rate) == (False, None)
