"""Freezing by order and by hand, who may end it, and what is done while it lasts."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from agent_site import DAY, HOUR, T0
from pydantic import ValidationError

from agent.clips import is_frozen
from agent.footage import Clip
from agent.freezing import (
    EvidenceOrder,
    FreezeOrder,
    Frozen,
    ReleaseOrder,
    ask_evidence,
    freeze,
    hold_by_hand,
    release,
    release_by_hand,
)
from agent.freezing.orders import MOST_BUNDLES, MOST_HOLDS
from agent.near import Near
from agent.store import bundles, events, holds


def frozen(**keys: Any) -> FreezeOrder:
    return FreezeOrder.model_validate({"from": T0, "to": T0 + HOUR, "why": "督办", **keys})


async def order(house: House, body: FreezeOrder, ref: str = "DB-1", station: str = "st1") -> Any:
    return await house.write(
        lambda connection: freeze(connection, body, ref=ref, station=station, now=T0 + 9.0)
    )


async def let_go(house: House, ref: str = "DB-1", station: str = "st1") -> Any:
    body = ReleaseOrder(freeze=ref, why="结案")
    return await house.write(
        lambda connection: release(connection, body, ref="DB-2", station=station, now=T0 + 10.0)
    )


def journalled(house: House, what: str) -> list[dict[str, Any]]:
    lines = house.rows("SELECT detail FROM journal WHERE what = ? ORDER BY seq", what)
    return [json.loads(text) for (text,) in lines]


async def test_order_to_freeze_is_done_once_and_written_down(house: House) -> None:
    assert await order(house, frozen()) is None
    assert await order(house, frozen()) is None
    (one,) = await house.store.read(holds.open_ones)
    assert (one.start, one.end, one.source) == (T0, T0 + HOUR, "order:st1")
    assert [line["why"] for line in journalled(house, "frozen")] == ["督办"]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"to": T0}, "not after"),
        ({"from": T0 + 40 * DAY, "to": None}, "ahead"),
        ({"outlet": "DW009"}, "no outlet"),
    ],
)
async def test_freeze_that_makes_no_sense_is_refused(
    house: House, keys: dict[str, Any], why: str
) -> None:
    assert why in await order(house, frozen(**keys))
    assert await house.store.read(holds.open_ones) == []


def test_order_with_an_unknown_key_is_none() -> None:
    with pytest.raises(ValidationError):
        FreezeOrder.model_validate({"from": T0, "until": T0 + 1})


async def test_station_lets_go_of_its_own_freeze_and_of_no_other(house: House) -> None:
    await order(house, frozen())
    assert "no freeze" in await let_go(house, station="st2")
    assert await let_go(house) is None
    assert await house.store.read(holds.open_ones) == []
    assert journalled(house, "released")[0]["why"] == "结案"


async def test_person_ends_what_a_person_froze(house: House) -> None:
    ref, refused = await house.write(
        lambda connection: hold_by_hand(
            connection, house.plan, T0, None, outlet="DW001", by="王五", why="抽查", now=T0
        )
    )
    assert refused is None
    assert await house.write(
        lambda connection: release_by_hand(
            connection, house.plan, ref, by="王五", why="完", now=T0
        )
    ) is None  # fmt: skip


async def test_what_an_order_froze_only_an_inspector_with_his_pin_ends_by_hand(
    house_with: Any, tmp_path: Path
) -> None:
    (pin := tmp_path / "pin").write_text("4711\n")

    def people(site: dict[str, Any]) -> None:
        site["people"] = [
            {"id": "li", "name": "李", "role": "operator"},
            {"id": "zhao", "name": "赵", "role": "inspector", "pin": {"file": str(pin)}},
            {"id": "qian", "name": "钱", "role": "inspector"},
        ]

    house = await house_with(people)
    await order(house, frozen())
    (one,) = await house.store.read(holds.open_ones)

    async def by(who: str, pin: str = "") -> Any:
        return await house.write(
            lambda connection: release_by_hand(
                connection, house.plan, one.ref, by=who, why="", now=T0, pin=pin
            )
        )

    assert "inspector" in await by("李")
    assert "inspector" in await by("somebody")
    assert "no pin" in await by("钱", "4711")
    assert "wrong pin" in await by("赵")
    assert "wrong pin" in await by("赵", "4712")
    assert await house.store.read(holds.open_ones) == [one]
    refused = house.rows("SELECT who FROM journal WHERE what = 'hold not released' ORDER BY seq")
    assert [who for (who,) in refused] == ["李", "somebody", "钱", "赵", "赵"]
    assert await by("赵", "4711") is None
    assert "already" in await by("赵", "4711")


async def test_where_the_file_names_its_people_nobody_else_freezes(house_with: Any) -> None:
    def people(site: dict[str, Any]) -> None:
        site["people"] = [{"id": "li", "name": "李", "role": "operator"}]

    house = await house_with(people)

    async def by(who: str) -> Any:
        return await house.write(
            lambda connection: hold_by_hand(
                connection, house.plan, T0, None, outlet="", by=who, why="抽查", now=T0
            )
        )

    assert "people" in (await by("王五"))[1]
    assert (await by("李"))[1] is None


async def test_supervision_orders_leave_room_for_freezes(house: House) -> None:
    def many(connection: sqlite3.Connection) -> None:
        for number in range(MOST_HOLDS):
            ref = f"supervision:st1:{number}"
            holds.add(connection, holds.Hold(0, ref, "", 0, 9, "", "order:st1", "p", 0.0))

    await house.write(many)
    assert await order(house, frozen()) is None


async def test_evidence_is_asked_once_with_event_or_interval(house: House) -> None:
    number = await house.write(
        lambda connection: events.add(
            connection, "door", {}, ref="d", at=T0 - 60.0, ended_at=T0 - 30.0
        )
    )

    async def ask(ref: str, **keys: Any) -> Any:
        body = EvidenceOrder.model_validate(keys)
        return await house.write(
            lambda connection: ask_evidence(connection, body, ref=ref, station="st1", now=T0 + 1.0)
        )

    assert await ask("a", event=number) is None
    assert await ask("a", event=number) is None
    assert await ask("b", **{"from": T0 - DAY, "to": T0}, clips=True) is None
    assert "no event" in await ask("c", event=99)
    assert "either" in await ask("c")
    assert "92 days" in await ask("c", **{"from": T0 - 100 * DAY, "to": T0})
    assert "level of a topic" in await ask("a/b", event=number)
    first, second = await house.store.read(bundles.open_ones)
    assert (first.ref, first.event, first.clips) == ("a", number, None)
    assert first.begin == T0 - 60 - 2 * HOUR
    assert (second.begin, second.end, second.clips) == (T0 - DAY, T0, True)
    for number in range(MOST_BUNDLES - 2):
        await ask(f"n{number}", **{"from": T0 - DAY, "to": T0})
    assert "already" in await ask("one-more", **{"from": T0 - DAY, "to": T0})


def camera(site: dict[str, Any]) -> None:
    site["cameras"] = [
        {"id": "yard", "url": "rtsp://127.0.0.1:1/a", "outlet": "DW001"},
    ]
    site["evidence"] = {"poll_faster": 3, "record_min": 10}


async def test_while_it_lasts_instruments_are_asked_more_often_and_films_have_no_hole(
    house_with: Any,
) -> None:
    house = await house_with(camera)
    near = Near()
    parts = (lambda: house.plan, house.store, house.clock, house.bells)
    worker = Frozen(*parts, near.keep_pace)
    await worker.look()
    assert near.pace == 1.0
    await order(house, frozen(to=T0 + 2 * HOUR, outlet="DW001"))
    house.clock.go(90)
    for _ in range(12):
        await worker.look()
        house.clock.go(60)
    assert near.pace == 3.0
    rows = house.rows("SELECT device, request FROM actions WHERE kind = 'clip' ORDER BY id")
    asked = [json.loads(text) for _, text in rows]
    pieces = [(one["at"] - T0, one["before_s"], one["after_s"]) for one in asked]
    assert pieces == [(90, 15, 510), (630, 15, 570)]
    house.clock.go(2 * HOUR)
    await worker.look()
    assert near.pace == 1.0, "the interval is over"


async def test_freeze_of_another_outlet_films_nothing_here(house_with: Any) -> None:
    house = await house_with(camera)
    await order(house, frozen(outlet=""))
    worker = Frozen(lambda: house.plan, house.store, house.clock, house.bells, Near().keep_pace)
    await worker.look()
    assert house.one("SELECT count(*) FROM actions") == 1


def test_clip_of_a_frozen_moment_stays_whatever_the_budget(tmp_path: Any) -> None:
    clip = Clip(tmp_path / "a.mp4", {"begin": 100.0, "end": 160.0, "outlet": "DW001"})
    found = holds.Hold(0, "a", "", 150, 155, "", "hand", "x", 0.0)
    other = holds.Hold(0, "a", "DW002", 150, 155, "", "hand", "x", 0.0)
    later = holds.Hold(0, "a", "", 161, None, "", "hand", "x", 0.0)
    assert is_frozen(clip, [found])
    assert not is_frozen(clip, [other, later])
