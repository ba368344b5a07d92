"""Five-minute means of furnace temperature: rows, the report 2111, and the quota of a day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import MINUTE, T0, Change, destination

from agent.compliance import FurnaceDay
from agent.furnaces import day_of, part_of
from agent.marks import Record
from agent.model import Cause, Kind, MarkKind, MarkState, Period, Sample
from agent.store import marks, samples
from agent.witnessing import evidence_of
from protocols.hj212.times import wire_time

Builder = Callable[..., Awaitable[House]]
HEAT, OXYGEN = "a01901", "a19001"
NEW = destination(edition="hj212-2025", minutes=10)
FIVE = 5 * MINUTE


def furnace(**keys: Any) -> Change:
    """Make the outlet a stack with a furnace before it."""

    def change(site: dict[str, Any]) -> None:
        points = {"value1": {"unit": "degC"}, "value2": {"unit": "%"}}
        module = {"id": "plc", "profile": "modules/plc-floats", "bus": "net1", "address": 40,
                  "period_s": 10, "points": points}  # fmt: skip
        site["devices"] = [module]
        site["samplers"] = []
        factors = {
            HEAT: {"device": "plc", "point": "value1"},
            OXYGEN: {"device": "plc", "point": "value2"},
        }
        site["outlets"] = [{"id": "DA001", "medium": "gas", "factors": factors, **keys}]
        site["destinations"][0]["stations"][0]["outlets"] = ["DA001"]

    return change


async def heated(
    house: House, start: float, minutes: int, value: float, cause: Cause = Cause.NORMAL
) -> None:
    def job(one: sqlite3.Connection) -> None:
        for at in range(int(start), int(start + minutes * MINUTE), 10):
            taken = [Sample("DA001", HEAT, at, value, cause), Sample("DA001", OXYGEN, at, 8.0)]
            samples.add(one, taken, device="plc", at=at, epoch=0, names=house.names)

    await house.write(job)


async def burnt(house: House, *fives: float) -> None:
    """Let five minutes pass at each of these temperatures."""
    await house.begin()
    for number, value in enumerate(fives):
        await heated(house, T0 + number * FIVE, 5, value)
    await house.close_at(T0 + len(fives) * FIVE + 6)


def told(house: House) -> list[str]:
    return [text for *_, text in house.uploads("2111")]


def fives(house: House, factor: str = HEAT) -> list[tuple[Any, ...]]:
    return house.rows(
        "SELECT start, avg, valid FROM statistics WHERE kind = '5m' AND series = ? ORDER BY start",
        house.names.series["DA001", factor, "rtd"],
    )


async def test_five_minute_means_are_rows_and_reported_by_their_start(house_with: Builder) -> None:
    house = await house_with(furnace(), NEW)
    await burnt(house, 900.0, 851.5)
    assert fives(house) == [(T0, 900.0, 1), (T0 + FIVE, 851.5, 1)]
    assert fives(house, OXYGEN) == [], "nobody asked for five minutes of the rest"
    assert told(house) == [
        f"DataTime={wire_time(T0)};{HEAT}-Avg=900.0",
        f"DataTime={wire_time(T0 + FIVE)};{HEAT}-Avg=851.5",
    ]
    assert house.one("SELECT count(*) FROM deliveries WHERE cn = '2111'") == 2


async def test_where_minutes_are_fives_anyway_they_are_made_once(house_with: Builder) -> None:
    house = await house_with(furnace(), destination(edition="hj212-2025", minutes=5))
    assert part_of(house.plan, house.plan.outlets["DA001"]) is None
    await burnt(house, 900.0)
    assert [len(fives(house, one)) for one in (HEAT, OXYGEN)] == [1, 1]
    assert len(told(house)) == 1
    assert len(house.uploads("2051")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        (destination(edition="hj212-2017"),),
        (NEW, destination(wire={"furnace_upload": False})),
        (NEW, destination(factors=[OXYGEN])),
    ],
)
async def test_platform_that_has_no_2111_or_does_not_want_it_gets_none(
    house_with: Builder, changes: tuple[Change, ...]
) -> None:
    house = await house_with(furnace(), *changes)
    await burnt(house, 900.0)
    assert len(fives(house)) == 1
    assert told(house) == []


async def test_mean_that_is_not_valid_has_no_message(house_with: Builder) -> None:
    house = await house_with(furnace(), NEW)
    await house.begin()
    await heated(house, T0, 3, 900.0)
    await heated(house, T0 + 3 * MINUTE, 2, 700.0, Cause.MAINTENANCE)
    await house.close_at(T0 + FIVE + 6)
    assert [valid for *_, valid in fives(house)] == [0]
    assert told(house) == []


async def test_quota_of_a_day_is_told_at_eighty_and_a_hundred_percent_and_its_breach(
    house_with: Builder,
) -> None:
    house = await house_with(furnace(), NEW)
    await burnt(house, 849.9, 850.0, *[849.9] * 5)
    found = [json.loads(text) for *_, text in house.events("quota")]
    assert [(one["percent"], one["used"], one["breach"]) for one in found] == [
        (80, 4, False),
        (100, 5, False),
        (120, 6, True),
    ]
    assert [at - T0 for at, *_ in house.events("quota")] == [5 * FIVE, 6 * FIVE, 7 * FIVE]


async def test_bound_and_count_are_settings(house_with: Builder) -> None:
    house = await house_with(furnace(furnace={"least": 900, "allowed": 1}), NEW)
    await burnt(house, 899.0, 899.0)
    found = [json.loads(text) for *_, text in house.events("quota")]
    assert [(one["percent"], one["used"]) for one in found] == [(80, 1), (100, 1), (120, 2)]


async def counted(house: House) -> FurnaceDay:
    day = Period.holding(Kind.DAY, T0)
    found = await house.store.read(lambda one: day_of(one, house.plan, house.names, "DA001", day))
    assert found is not None
    return found


async def test_confirmed_condition_excuses_what_it_touches(house_with: Builder) -> None:
    house = await house_with(furnace(), NEW)
    await burnt(house, *[800.0] * 6)
    assert (await counted(house)).breach
    stop = Record("DA001", (), MarkKind.CONDITION, "停炉", T0, T0 + FIVE, state=MarkState.CONFIRMED)
    await house.write(lambda one: marks.add(one, stop, by="a", why="b", now=0.0))
    found = await counted(house)
    assert (len(found.below), found.excused, found.breach) == (5, (T0,), False)


async def test_outlet_without_a_furnace_has_no_day_of_it(house: House) -> None:
    day = Period.holding(Kind.DAY, T0)
    assert part_of(house.plan, house.plan.outlets["DW001"]) is None
    found = await house.store.read(lambda one: day_of(one, house.plan, house.names, "DW001", day))
    assert found is None


async def test_oxygen_of_a_stack_is_a_witness_of_its_stop(house_with: Builder) -> None:
    house = await house_with(furnace())
    await burnt(house, 850.0, 850.0)
    start, settings = int(T0), house.plan.site.outlet("DA001").marks
    found = await house.store.read(
        lambda one: evidence_of(
            one, house.plan, house.names, "DA001", start, start + 2 * FIVE, settings=settings
        )
    )
    assert {one.oxygen for one in found.minutes.values()} == {8.0}
