"""States and run times of treatment equipment: rows, the reports 2021 and 2041."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import DAY, HOUR, MINUTE, T0, Change, destination
from test_contacts import contact, inputs, poll, trusted

from agent.model import Kind, Period
from agent.store import outbox, states
from drivers.device import NoAnswer
from protocols.hj212.times import wire_time

Builder = Callable[..., Awaitable[House]]
FAN = contact("fan", "run", facility="SB1")
PUMP = contact("pump", "pump", "contact2", facility="SB2")
SWITCH = contact("key", "maintenance", "contact2", facility="SB1")
SUPPLY = contact("supply", "power", facility="SB1")
TODAY = Period.holding(Kind.DAY, T0).start


def rows(house: House) -> list[tuple[Any, ...]]:
    found = house.rows("SELECT input, level, start, ended_at FROM states ORDER BY id")
    return [
        (one, level, start - T0, None if end is None else end - T0)
        for one, level, start, end in found
    ]


def said(house: House, cn: str) -> list[str]:
    return [text for *_, text in house.uploads(cn)]


async def test_contact_is_a_row_for_as_long_as_it_stands_one_way(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN))
    await poll(house, {"1": 1}, {"1": 1}, {"1": 0}, {"1": 0}, {"1": 1})
    assert rows(house) == [("fan", 1, 0, 20), ("fan", 0, 20, 40), ("fan", 1, 40, None)]


async def test_row_goes_on_where_another_looks_at_the_same_contact(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN))
    await poll(house, {"1": 1})
    await poll(house, {"1": 1})
    assert rows(house) == [("fan", 1, 0, None)]


async def test_what_nobody_knew_is_in_no_row(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN))
    silent = [NoAnswer("unplugged")] * 9
    await poll(house, {"1": 1}, {"1": 1}, *silent, {"1": 1})
    # last seen at 10, silent from 20 on: told 60 s later, at 80
    assert rows(house) == [("fan", 1, 0, 20), ("fan", 1, 110, None)]
    assert house.one("SELECT count(*) FROM events WHERE kind = 'run_signal'") == 1


async def test_short_silence_is_none(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN))
    await poll(house, {"1": 1}, *[NoAnswer("busy")] * 5, {"1": 1})
    assert rows(house) == [("fan", 1, 0, None)]


async def test_power_of_equipment_is_not_the_mains_of_this_cabinet(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(SUPPLY))
    await poll(house, {"1": 1}, {"1": 0})
    assert rows(house) == [("supply", 1, 0, 10), ("supply", 0, 10, None)]
    assert house.events("power") == []
    assert [(at - T0, end - T0) for at, end, _ in house.events("run_power") if end] == [(0, 10)]


async def test_maintenance_of_equipment_is_not_that_of_the_instruments(
    house_with: Builder,
) -> None:
    house = await trusted(house_with, inputs(FAN, SWITCH))
    await poll(house, {"1": 1, "2": 1})
    assert len(house.events("run_maintenance")) == 1
    assert house.rows("SELECT * FROM maintenance") == []


async def test_start_ends_what_lasted_where_it_was_last_known(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN))
    await poll(house, {"1": 1})
    await house.begin()
    await house.close_at(T0 + 2 * MINUTE)
    house.clock.go(HOUR)
    assert await house.write(states.break_off) == 1
    await poll(house, {"1": 1})
    assert rows(house) == [("fan", 1, 0, 2 * MINUTE), ("fan", 1, HOUR + 2 * MINUTE, None)]


async def test_states_go_out_as_often_as_values(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN, PUMP))
    await house.begin()
    await poll(house, {"1": 1, "2": 0})
    await house.close_at(T0 + 31)
    await house.close_at(T0 + 61)
    assert said(house, "2021") == [
        f"DataTime={wire_time(T0 + at)};SB1-RS=1;SB2-RS=0" for at in (30, 60)
    ]
    assert house.one("SELECT count(*) FROM deliveries WHERE cn = '2021'") == 0
    dropped = await house.write(lambda one: outbox.drop_old_real_time(one, "st1", T0 + 60))
    assert dropped >= 1
    assert house.one("SELECT count(*) FROM outbox WHERE cn = '2021' AND state = 'open'") == 1


async def test_facility_of_which_nothing_is_known_is_left_out(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN, PUMP))
    await house.begin()
    await poll(house, {"1": 1, "2": None})
    await house.close_at(T0 + 31)
    assert said(house, "2021") == [f"DataTime={wire_time(T0 + 30)};SB1-RS=1"]


@pytest.mark.parametrize(("edition", "state"), [("hj212-2005", 1), ("hj212-2017", 3)])
async def test_old_edition_knows_on_and_off_alone(
    house_with: Builder, edition: str, state: int
) -> None:
    def old(site: dict[str, Any]) -> None:
        if edition == "hj212-2005":
            site["destinations"][0]["stations"][0]["mn"] = "88888880000001"

    house = await trusted(house_with, inputs(FAN, SWITCH), destination(edition=edition), old)
    await house.begin()
    await poll(house, {"1": 1, "2": 1})
    await house.close_at(T0 + 31)
    assert said(house, "2021") == [f"DataTime={wire_time(T0 + 30)};SB1-RS={state}"]


def without_states(site: dict[str, Any]) -> None:
    site["destinations"][0]["stations"][0]["states"] = False


@pytest.mark.parametrize(
    "changes", [(inputs(contact("fan", "run")),), (inputs(FAN), without_states)]
)
async def test_no_states_where_no_contact_tells_or_none_are_wanted(
    house_with: Builder, changes: tuple[Change, ...]
) -> None:
    house = await trusted(house_with, *changes)
    await house.begin()
    await poll(house, {"1": 1})
    await house.close_at(T0 + 61)
    assert said(house, "2021") == []


async def test_run_times_of_a_day_go_out_when_it_is_over(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(FAN, PUMP))
    await house.begin()
    await poll(house, {"1": 1, "2": 0})
    house.clock.go(3 * HOUR - 10)
    await poll(house, {"1": 0, "2": 0})
    await house.close_at(TODAY + DAY + 30)
    assert said(house, "2041") == [], "what lasts is noted each minute"
    await house.close_at(TODAY + DAY + 61)
    assert said(house, "2041") == [f"DataTime={wire_time(TODAY)};SB1-RT=3.00;SB2-RT=0.00"]
    await house.close_at(TODAY + 2 * DAY + 61)
    assert said(house, "2041")[1:] == [f"DataTime={wire_time(TODAY + DAY)};SB1-RT=0.00;SB2-RT=0.00"]
    assert house.one("SELECT count(*) FROM deliveries WHERE cn = '2041'") == 2


async def test_contact_that_left_the_site_file_ends(house_with: Builder, store: Any) -> None:
    house = await trusted(house_with, inputs(FAN))
    await house.begin()
    await poll(house, {"1": 1})
    other = await House.on(store, (await house_with(inputs(PUMP))).plan, clock=house.clock)
    await other.close_at(T0 + 2 * MINUTE)
    assert [end is not None for *_, end in rows(other)] == [True]
