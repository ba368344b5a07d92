"""Contacts: what their turns are told as, and what they set off."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import pytest
from agent_fakes import Answer, FakeDevice
from agent_house import House
from agent_site import COD, FLOW, HOUR, PH, T0, Change
from test_poll import play, said, stored

from agent.contacts import BATTERY, end_gone
from agent.maintaining import MaintenanceEnd
from drivers.device import Cause, NoAnswer, Reading

Builder = Callable[..., Awaitable[House]]
Levels = Mapping[str, float | None]


def inputs(*given: dict[str, Any]) -> Change:
    """Add a module of contacts and what they mean; none of them is debounced unless it says so."""

    def change(site: dict[str, Any]) -> None:
        module = {"id": "io", "profile": "modules/plc-contacts", "bus": "net1", "address": 30}
        site["devices"].append(module)
        site["inputs"] = [{"debounce_s": 0, "device": "io", **one} for one in given]

    return change


def contact(id_: str, means: str, point: str = "contact1", **more: Any) -> dict[str, Any]:
    return {"id": id_, "means": means, "point": point, **more}


DOOR = contact("door1", "door", name="站房门")


def levels(house: House, *looks: Levels | NoAnswer) -> list[Callable[[], Answer]]:
    """Give what the module says at each look."""

    def answer(look: Levels | NoAnswer) -> Answer:
        if isinstance(look, NoAnswer):
            return look
        now = house.clock.now()
        return [Reading(f"contact{n}", level, "", now) for n, level in look.items()]

    return [partial(answer, look) for look in looks]


async def poll(house: House, *looks: Levels | NoAnswer) -> None:
    """Look at the module each ten seconds."""
    await play(house, FakeDevice("io", *levels(house, *looks)))


async def trusted(house_with: Builder, *changes: Change) -> House:
    house = await house_with(*changes)
    await house.time.look()
    return house


def told(house: House, kind: str) -> list[tuple[float, float | None]]:
    return [(at - T0, None if end is None else end - T0) for at, end, _ in house.events(kind)]


async def test_door_is_an_event_that_lasts_while_it_is_open(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(DOOR))
    await poll(house, {"1": 0}, {"1": 1}, {"1": 1}, {"1": 0}, {"1": 0})
    assert told(house, "door") == [(10, 30)]
    states = [json.loads(text) for *_, text in house.uploads("event")]
    assert [(one["kind"], one["state"]) for one in states] == [
        ("door", "opened"),
        ("door", "closed"),
    ]
    assert states[0]["outlet"] == "DW001"
    assert states[0]["detail"] == {"input": "door1", "name": "站房门", "means": "door"}


async def test_polarity_says_which_level_is_open(house_with: Builder) -> None:
    house = await trusted(house_with, inputs({**DOOR, "active": 0}))
    await poll(house, {"1": 1}, {"1": 0}, {"1": 1})
    assert told(house, "door") == [(10, 20)]


async def test_level_counts_only_once_it_stood(house_with: Builder) -> None:
    house = await trusted(house_with, inputs({**DOOR, "debounce_s": 15}))
    await poll(house, {"1": 0}, {"1": 0}, {"1": 0}, {"1": 1}, {"1": 0}, *[{"1": 1}] * 3)
    assert told(house, "door") == [(70, None)]


async def test_silent_module_turns_nothing(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(DOOR))
    await poll(house, {"1": 1}, NoAnswer("unplugged"), {"1": None}, {"1": 1})
    assert told(house, "door") == [(0, None)]


async def test_door_that_is_open_over_a_restart_is_told_once(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(DOOR))
    await poll(house, {"1": 1})
    house.clock.go(HOUR)
    await poll(house, {"1": 1}, {"1": 0})
    assert len(told(house, "door")) == 1
    assert told(house, "door")[0][1] is not None


async def test_door_that_was_closed_while_nobody_looked_is_ended(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(DOOR))
    await poll(house, {"1": 1})
    house.clock.go(HOUR)
    await poll(house, {"1": 0})
    assert told(house, "door") == [(0, HOUR + 10)]


async def test_turn_is_told_when_the_clock_is_trusted_at_last(house_with: Builder) -> None:
    house = await house_with(inputs(DOOR))
    looks = levels(house, {"1": 1}, {"1": 1})

    def late() -> Answer:
        house.time.trusted = True
        return looks[1]()

    await play(house, FakeDevice("io", looks[0], late))
    assert told(house, "door") == [(10, None)]


async def test_power_event_lasts_while_there_is_none_and_goes_first(house_with: Builder) -> None:
    power = contact("mains", "power", "contact2")
    house = await trusted(house_with, inputs(DOOR, power))
    await poll(house, {"1": 0, "2": 1}, {"1": 1, "2": 0}, {"1": 1, "2": 1})
    assert told(house, "power") == [(10, 20)]
    kinds = [row[0] for row in house.rows("SELECT kind FROM events ORDER BY id")]
    assert kinds == ["power", "door"]


async def test_running_pump_is_told_to_who_asks_for_it(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(contact("pump1", "pump")))
    await poll(house, {"1": 0}, {"1": 1}, {"1": 0})
    assert told(house, "run_pump") == [(10, 20)]
    assert house.uploads("event") == [], "`run` is not among the facts told by default"


async def test_input_of_a_device_with_factors_is_told_with_its_values(house_with: Builder) -> None:
    def of_ph(site: dict[str, Any]) -> None:
        site["inputs"] = [{**contact("door1", "door", PH), "device": "ph", "debounce_s": 0}]

    house = await trusted(house_with, of_ph)
    await play(house, FakeDevice("ph", said(house, PH, 0.0), said(house, PH, 7.0)))
    assert told(house, "door") == [(10, None)]
    assert len(stored(house, PH)) == 2


async def test_contact_that_left_the_site_file_is_ended(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(DOOR))
    await poll(house, {"1": 1})
    later = await house_with(inputs({**DOOR, "id": "door2"}))
    now = house.clock.now()
    assert await house.write(lambda c: end_gone(c, house.plan, now=now)) == 0
    assert await house.write(lambda c: end_gone(c, later.plan, now=now)) == 1
    assert told(house, "door") == [(0, now - T0)]


# --- low battery


@pytest.mark.parametrize(("stop", "rung"), [(True, True), (False, False)])
async def test_low_battery_asks_for_the_end_where_that_is_set(
    house_with: Builder, stop: bool, rung: bool
) -> None:
    house = await trusted(house_with, inputs(contact("ups", "battery", stop=stop)))
    await poll(house, {"1": 0}, {"1": 1})
    assert told(house, "power_battery") == [(10, None)]
    assert (BATTERY in house.bells.rung) == rung


# --- key switch


KEY = contact("key1", "maintenance", name="维护钥匙")


async def test_key_turns_the_maintenance_switch(house_with: Builder) -> None:
    house = await trusted(house_with, inputs({**KEY, "factors": [PH]}))
    await poll(house, {"1": 1})
    await play(house, FakeDevice("ph", said(house, PH, 7.0)))
    assert stored(house, PH)[-1][2] is Cause.MAINTENANCE
    assert house.rows("SELECT factor, who, source FROM maintenance") == [(PH, "key1", "key1")]
    await poll(house, {"1": 0})
    await play(house, FakeDevice("ph", said(house, PH, 7.0)))
    assert stored(house, PH)[-1][2] is Cause.NORMAL
    assert house.one("SELECT ended_by FROM maintenance") == "key1"


async def test_forgotten_key_ends_by_itself_and_counts_again_once_it_was_turned(
    house_with: Builder,
) -> None:
    house = await trusted(house_with, inputs({**KEY, "end_min": 30}))
    await poll(house, {"1": 1})
    end = MaintenanceEnd(lambda: house.plan, house.store, house.clock, house.bells)
    house.clock.go(1800)
    assert await end.look() == [1]
    await poll(house, {"1": 1})
    assert house.one("SELECT count(*) FROM maintenance") == 1
    await poll(house, {"1": 0}, {"1": 1})
    assert house.one("SELECT count(*) FROM maintenance WHERE ended_at IS NULL") == 1


# --- trigger


TRIGGER = contact("alarm1", "trigger", factors=[COD])


async def test_dry_contact_orders_a_bottle_as_an_exceedance_does(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(TRIGGER))
    await poll(house, {"1": 0}, {"1": 1}, {"1": 1})
    ((ref, device, kind, cause, text, not_after),) = house.rows(
        "SELECT ref, device, kind, cause, request, not_after FROM actions"
    )
    request = json.loads(text)
    assert (ref, device, kind) == (f"retain:DW001:{COD}:{int(T0)}", "sampler", "retain")
    assert cause == "rule"
    assert (request["outlet"], request["factor"], request["moment"]) == ("DW001", COD, T0 + 10)
    assert (request["value"], request["limit"]) == (None, None)
    assert not_after == T0 + 10 + 3600
    assert told(house, "retention_trigger") == [(10, None)]
    assert "actions:sampler" in house.bells.rung


async def test_contact_that_chatters_orders_one_bottle_an_interval(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(TRIGGER))
    await poll(house, {"1": 1}, {"1": 0}, {"1": 1})
    assert house.one("SELECT count(*) FROM actions") == 1
    ((_, _, text),) = house.events("retention_blocked")
    assert json.loads(text)["reason"] == "inside the retention interval"


async def test_no_bottle_of_no_flow(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(TRIGGER))
    await house.begin()
    await house.steady(FLOW, T0, T0 + 60, value=0.0)
    await house.close_at(T0 + 70)
    await poll(house, {"1": 1})
    assert house.one("SELECT count(*) FROM actions") == 0
    ((_, _, text),) = house.events("retention_blocked")
    assert json.loads(text)["reason"] == "measured flow is zero"


async def test_trigger_over_a_restart_orders_no_second_bottle(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(TRIGGER))
    await poll(house, {"1": 1})
    house.clock.go(3 * HOUR)
    await poll(house, {"1": 1})
    assert house.one("SELECT count(*) FROM actions") == 1


async def test_number_above_its_threshold_is_a_contact_that_is_on(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(contact("hot", "run", above=120)))
    await poll(house, {"1": 119.0}, {"1": 120.5}, {"1": 130.0}, {"1": 120.0}, {"1": None})
    assert told(house, "run_signal") == [(10, 30)]


async def test_number_may_mean_yes_where_it_is_low(house_with: Builder) -> None:
    house = await trusted(house_with, inputs(contact("cold", "run", above=6, active=0)))
    await poll(house, {"1": 7.0}, {"1": 4.0}, {"1": 4.0})
    assert told(house, "run_signal") == [(10, None)]
