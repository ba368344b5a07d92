"""Analogue inputs in the polling: current to value, and which range is in use."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_fakes import Answer, FakeDevice
from agent_house import House
from agent_site import PH, T0
from test_poll import play, stored

from drivers.device import Cause, Reading

CURRENT = "w01018"
Builder = Callable[..., Awaitable[House]]


def loop(**analogue: Any) -> Callable[[dict[str, Any]], None]:
    """Give the COD of a 4–20 mA module in place of the analyzer."""

    def change(site: dict[str, Any]) -> None:
        for number, profile in ((31, "modules/icpdas-m7017rc"), (30, "modules/plc-contacts")):
            name = "ai" if number == 31 else "io"
            device = {"id": name, "profile": profile, "bus": "net1", "address": number}
            site["devices"].append({**device, "period_s": 10})
        given = {"span": [0, 200], "unit": "mg/L", **analogue}
        site["outlets"][0]["factors"][CURRENT] = {
            "device": "ai",
            "point": "ai0",
            "analogue": given,
        }

    return change


SWITCHED = {"device": "io", "point": "contact1", "spans": {0: [0, 100], 1: [0, 1000]}}


def said(house: House, device: str, point: str, value: float | None) -> FakeDevice:
    def answer() -> Answer:
        cause = Cause.NORMAL if value is not None else Cause.NO_LINK
        return [Reading(point, value, "mA", house.clock.now(), cause)]

    return FakeDevice(device, answer)


async def current(house: House, value: float) -> tuple[float | None, Cause]:
    await play(house, said(house, "ai", "ai0", value))
    return stored(house, CURRENT)[-1][1:]


async def test_current_is_stored_as_the_quantity_it_stands_for(house_with: Builder) -> None:
    house = await house_with(loop())
    await house.time.look()
    assert await current(house, 12.0) == (pytest.approx(100.0), Cause.NORMAL)
    assert await current(house, 3.2) == (None, Cause.FAULT)
    assert await current(house, 20.3) == (pytest.approx(203.75), Cause.OVER_RANGE)
    assert PH in house.plan.outlets["DW001"].factors


async def test_current_is_seen_as_the_quantity_it_stands_for(house_with: Builder) -> None:
    house = await house_with(loop())
    poll = await play(house, said(house, "ai", "ai0", 12.0))
    (seen,) = poll.states[0].readings
    assert (seen.value, seen.unit) == (pytest.approx(100.0), "mg/L")


async def together(house: House, *looks: tuple[float | None, float]) -> None:
    """Poll the contact and the current on one bus: (contact, current) at each look."""

    def contact(value: float | None) -> Callable[[], Answer]:
        return lambda: [Reading("contact1", value, "", house.clock.now())]

    def milliampere(value: float) -> Callable[[], Answer]:
        return lambda: [Reading("ai0", value, "mA", house.clock.now())]

    io = FakeDevice("io", *[contact(one) for one, _ in looks], *[contact(None)] * 5)
    ai = FakeDevice("ai", *[milliampere(one) for _, one in looks])
    await play(house, ai, io)


async def test_switch_of_the_range_is_an_event_and_the_first_is_none(house_with: Builder) -> None:
    house = await house_with(loop(active=SWITCHED))
    await house.time.look()
    await together(house, (0, 20.0), (0, 20.0), (0, 20.0), (1, 20.0), (1, 20.0), (1, 20.0))
    values = [value for _, value, _ in stored(house, CURRENT)]
    assert values[0] is None, "asked before the contact was"
    assert values[1:3] == pytest.approx([100.0] * 2)
    assert values[-1] == pytest.approx(1000.0)
    ((at, _, text),) = house.events("parameter_range")
    detail = json.loads(text)
    assert (detail["old"], detail["new"]) == ("0..100", "0..1000")
    assert at > T0
    (notice,) = house.uploads("event")
    assert json.loads(notice[2])["factor"] == CURRENT


async def test_range_of_before_a_restart_is_remembered(house_with: Builder) -> None:
    house = await house_with(loop(active=SWITCHED))
    await house.time.look()
    await together(house, (0, 20.0), (0, 20.0), (0, 20.0))
    house.clock.go(3600)
    await together(house, (1, 20.0), (1, 20.0), (1, 20.0))
    assert len(house.events("parameter_range")) == 1


async def test_range_that_is_told_no_more_gives_no_value(house_with: Builder) -> None:
    house = await house_with(loop(active=SWITCHED))
    await house.time.look()
    looks: list[tuple[float | None, float]] = [(0, 20.0), (0, 20.0), *[(None, 20.0)] * 6]
    await together(house, *looks)
    found = stored(house, CURRENT)
    assert found[1][1:] == (pytest.approx(100.0), Cause.NORMAL)
    assert found[-1][1:] == (None, Cause.FAULT)
    assert house.events("parameter_range") == []
