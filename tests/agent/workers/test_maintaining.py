"""The maintenance switch: what it does to values, and how it goes off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_fakes import FakeDevice
from agent_house import House
from agent_site import COD, HOUR, PH, T0
from test_poll import cod, play, results, said, stored

from agent.maintaining import MaintenanceEnd, maintain
from agent.store import journal
from drivers.device import Cause, NoAnswer


async def switch(house: House, **asked: Any) -> dict[str, Any]:
    question = {"outlet": "DW001", "kind": "maintenance", "who": "张三", "why": "换泵管", **asked}
    now = house.clock.now()
    return await house.write(lambda c: maintain(c, house.plan, question, now=now))


def ender(house: House) -> MaintenanceEnd:
    return MaintenanceEnd(lambda: house.plan, house.store, house.clock, house.bells)


def switches(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT factor, kind, until, ended_at, ended_by FROM maintenance ORDER BY id")


@pytest.fixture
async def trusted(house: House) -> House:
    await house.time.look()
    return house


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("maintenance", Cause.MAINTENANCE),
        ("stopped", Cause.STOPPED),
        ("calibration", Cause.CALIBRATION),
    ],
)
async def test_value_stays_and_the_cause_is_the_switchs(
    trusted: House, kind: str, cause: Cause
) -> None:
    await switch(trusted, kind=kind)
    await play(trusted, FakeDevice("ph", said(trusted, PH, 7.0)))
    assert [(value, why) for _, value, why in stored(trusted, PH)] == [(7.0, cause)]


async def test_switch_wins_over_what_the_instrument_says(trusted: House) -> None:
    await switch(trusted)
    device = FakeDevice("ph", said(trusted, PH, 7.0, cause=Cause.FAULT), NoAnswer("unplugged"))
    await play(trusted, device)
    found = [(value, why) for _, value, why in stored(trusted, PH)]
    assert found == [(7.0, Cause.MAINTENANCE), (None, Cause.MAINTENANCE)]


async def test_switch_of_one_factor_leaves_the_others_alone(trusted: House) -> None:
    await switch(trusted, factors=[COD])
    await play(trusted, FakeDevice("ph", said(trusted, PH, 7.0)))
    assert stored(trusted, PH)[0][2] is Cause.NORMAL
    await play(trusted, FakeDevice("cod", cod(trusted, 62.0, T0 - 600)))
    assert [row[2:] for row in results(trusted)] == [(62.0, "maintenance")]


async def test_result_under_maintenance_keeps_no_bottle_and_says_why(trusted: House) -> None:
    await switch(trusted)
    await play(trusted, FakeDevice("cod", cod(trusted, 62.0, T0 - 600)))
    assert trusted.one("SELECT count(*) FROM actions") == 0
    ((_, _, text),) = trusted.events("retention_blocked")
    assert json.loads(text)["reason"] == "value not valid: maintenance"
    assert trusted.events("exceedance") == []


async def test_turn_is_a_row_a_line_of_the_journal_and_an_event(house: House) -> None:
    done = await switch(house, for_s=1800)
    assert done["until"] == T0 + 1800
    assert switches(house) == [("", "maintenance", T0 + 1800, None, "")]
    ((at, ended_at, text),) = house.events("maintenance")
    assert (at, ended_at) == (T0, None)
    detail = json.loads(text)
    assert (detail["who"], detail["why"], detail["source"]) == ("张三", "换泵管", "operator")
    (notice,) = house.uploads("event")
    assert json.loads(notice[2])["state"] == "opened"
    assert house.one("SELECT count(*) FROM journal WHERE what = 'event maintenance'") == 1


async def test_without_a_time_it_ends_after_two_hours(house: House) -> None:
    await switch(house)
    one = ender(house)
    house.clock.go(2 * HOUR - 1)
    assert await one.look() == []
    house.clock.go(2)
    assert await one.look() == [1]
    assert switches(house) == [("", "maintenance", T0 + 2 * HOUR, T0 + 2 * HOUR, "time")]
    ((_, ended_at, text),) = house.events("maintenance")
    assert ended_at == T0 + 2 * HOUR
    assert json.loads(text)["ended_by"] == "time"
    states = [json.loads(text)["state"] for *_, text in house.uploads("event")]
    assert states == ["opened", "closed"]
    assert house.bells.rung == ["outbox:st1"]


async def test_value_after_its_time_is_normal_before_anybody_ended_it(trusted: House) -> None:
    await switch(trusted, for_s=5)
    await play(trusted, FakeDevice("ph", *[said(trusted, PH, 7.0)] * 2))
    assert [why for *_, why in stored(trusted, PH)] == [Cause.MAINTENANCE, Cause.NORMAL]


async def test_clock_that_was_set_back_does_not_prolong_it(house: House) -> None:
    await switch(house)
    one = ender(house)
    await one.look()
    house.clock.jump(-86_400)
    house.clock.go(2 * HOUR)
    assert await one.look() == [1]


async def test_it_survives_a_restart(trusted: House) -> None:
    await switch(trusted)
    again = await House.on(trusted.store, trusted.plan, clock=trusted.clock)
    await again.time.look()
    await play(again, FakeDevice("ph", said(again, PH, 7.0)))
    assert stored(again, PH)[0][2] is Cause.MAINTENANCE
    again.clock.go(2 * HOUR)
    assert await ender(again).look() == [1]


async def test_person_ends_it(trusted: House) -> None:
    await switch(trusted)
    trusted.clock.go(60)
    assert await switch(trusted, end=True, who="李四") == {"ended": [1]}
    assert switches(trusted)[0][3:] == (T0 + 60, "李四")
    await play(trusted, FakeDevice("ph", said(trusted, PH, 7.0)))
    assert stored(trusted, PH)[0][2] is Cause.NORMAL
    assert "error" in await switch(trusted, end=True)


async def test_turned_on_again_it_is_prolonged_and_no_second_one(house: House) -> None:
    await switch(house, for_s=600)
    house.clock.go(300)
    await switch(house, for_s=600, kind="stopped")
    assert switches(house) == [
        ("", "maintenance", T0 + 600, T0 + 300, "张三"),
        ("", "stopped", T0 + 900, None, ""),
    ]


async def test_factors_own_switch_counts_before_that_of_the_outlet(trusted: House) -> None:
    await switch(trusted, factors=[PH], kind="calibration")
    await switch(trusted)
    await play(trusted, FakeDevice("ph", said(trusted, PH, 7.0)))
    assert stored(trusted, PH)[0][2] is Cause.CALIBRATION


@pytest.mark.parametrize(
    "wrong",
    [
        {"outlet": "DW009"},
        {"factors": ["w99999"]},
        {"kind": "holiday"},
        {"who": " "},
        {"why": ""},
        {"for_s": -1},
        {"for_s": 31 * 86_400},
    ],
)
async def test_what_cannot_be_done_is_told_and_not_done(house: House, wrong: Any) -> None:
    assert "error" in await switch(house, **wrong)
    assert switches(house) == []


async def test_chain_of_the_journal_holds(house: House) -> None:
    await switch(house)
    await switch(house, end=True)
    assert await house.store.read(journal.broken_at) is None
