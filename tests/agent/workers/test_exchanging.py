"""Recorded acts at an instrument's place, and the serials of the site file."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, HOUR, T0

from agent.exchanging import SITE_FILE, exchange, note_serials
from agent.store import exchanges, journal

Builder = Callable[..., Awaitable[House]]


async def act(house: House, **asked: Any) -> dict[str, Any]:
    question = {"device": "cod", "who": "张三", "why": "检修", **asked}
    now = house.clock.now()
    return await house.write(lambda c: exchange(c, house.plan, question, now=now))


async def started(house: House) -> None:
    now = house.clock.now()
    await house.write(lambda c: note_serials(c, house.plan, now=now))


def acts(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT kind, serial, before, other, who FROM exchanges ORDER BY id")


def serial(number: str) -> Callable[[dict[str, Any]], None]:
    return lambda site: site["devices"][2].update(serial=number)


async def test_exchange_is_a_row_a_line_and_an_event(house: House) -> None:
    await act(house, serial="SN1")
    house.clock.go(HOUR)
    done = await act(house, serial="SN2")
    assert (done["serial"], done["before"], done["at"]) == ("SN2", "SN1", T0 + HOUR)
    assert acts(house)[1] == ("exchange", "SN2", "SN1", "", "张三")
    standing = await house.store.read(lambda c: exchanges.standing(c, "cod"))
    assert standing is not None
    assert (standing.serial, standing.at) == ("SN2", T0 + HOUR)
    detail = json.loads(house.events("parameter_device")[1][2])
    assert (detail["act"], detail["why"]) == ("exchange", "检修")
    assert house.rows("SELECT outlet, factor FROM events")[0] == ("DW001", COD)
    assert len(house.uploads("event")) == 2
    assert await house.store.read(journal.broken_at) is None


async def test_standby_stands_in_until_the_main_works_again(house: House) -> None:
    async def stand_in() -> str:
        return await house.store.read(lambda c: exchanges.stand_in(c, "cod"))

    assert await stand_in() == ""
    await act(house, standby="ph")
    assert await stand_in() == "ph"
    await act(house, main=True)
    assert await stand_in() == ""
    assert [row[0] for row in acts(house)] == ["standby", "main"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": "nobody", "serial": "1"},
        {"standby": "nobody"},
        {"standby": "cod"},
        {"serial": "1", "main": True},
        {},
        {"serial": "1", "who": ""},
        {"serial": "1", "why": " "},
    ],
)
async def test_what_cannot_be_done_is_told_and_not_done(house: House, wrong: Any) -> None:
    assert "error" in await act(house, **wrong)
    assert acts(house) == []


async def test_serial_of_the_file_is_found_once(house_with: Builder) -> None:
    house = await house_with(serial("SN1"))
    await started(house)
    await started(house)
    assert acts(house) == [("found", "SN1", "", "", SITE_FILE)]


async def test_another_serial_in_the_file_is_an_exchange(house_with: Builder) -> None:
    await started(await house_with(serial("SN1")))
    house = await house_with(serial("SN2"))
    await started(house)
    assert acts(house)[1] == ("exchange", "SN2", "SN1", "", SITE_FILE)


async def test_serial_told_by_command_stays_while_the_file_says_the_old_one(
    house_with: Builder,
) -> None:
    house = await house_with(serial("SN1"))
    await started(house)
    await act(house, serial="SN2")
    await started(house)
    assert [row[1] for row in acts(house)] == ["SN1", "SN2"]
    house = await house_with(serial("SN2"))
    await started(house)
    assert [row[1] for row in acts(house)] == ["SN1", "SN2"], "the file followed"
