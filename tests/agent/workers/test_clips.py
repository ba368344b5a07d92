"""A clip is ordered in the commit of what it is to show, from each camera of the outlet, once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, HOUR
from test_exceedance import judged

CAMERA = {"id": "yard", "url": "rtsp://127.0.0.1:9/one", "outlet": "DW001"}


def cameras(*found: dict[str, Any]) -> Any:
    def change(site: dict[str, Any]) -> None:
        site["cameras"] = list(found)

    return change


def clips(house: House) -> list[tuple[str, dict[str, Any], float]]:
    rows = house.rows(
        "SELECT device, request, not_after FROM actions WHERE kind = 'clip' ORDER BY id"
    )
    return [(device, json.loads(text), not_after) for device, text, not_after in rows]


async def test_exceedance_and_its_bottle_found_at_once_are_one_clip(house_with: Any) -> None:
    house = await house_with(cameras(CAMERA))
    house.clock.go(HOUR + 10)
    await judged(house)
    ((device, request, not_after),) = clips(house)
    assert device == "yard"
    assert not_after > house.clock.now()
    assert request == {
        "outlet": "DW001",
        "factor": COD,
        "kind": "exceedance",
        "value": 61.5,
        "at": house.clock.now(),
        "before_s": 10,
        "after_s": 50,
    }
    assert house.one("SELECT count(*) FROM journal WHERE what = 'clip ordered'") == 1


async def test_every_camera_of_the_outlet_is_ordered_and_no_other(house_with: Any) -> None:
    def second_outlet(site: dict[str, Any]) -> None:
        site["outlets"].append({"id": "DW002", "medium": "water", "factors": {}})

    door = {**CAMERA, "id": "door", "before_s": 5, "after_s": 20}
    far = {**CAMERA, "id": "far", "outlet": "DW002"}
    house = await house_with(second_outlet, cameras(CAMERA, door, far))
    await judged(house)
    assert [(device, one["after_s"]) for device, one, _ in clips(house)] == [
        ("yard", 50),
        ("door", 20),
    ]


async def test_outlet_without_camera_has_its_bottle_and_no_clip(house: House) -> None:
    await judged(house)
    assert clips(house) == []
    assert house.one("SELECT count(*) FROM actions") == 1


async def test_clip_of_a_commit_that_fails_is_not_ordered(house_with: Any) -> None:
    house = await house_with(cameras(CAMERA))

    def failing(connection: Any) -> None:
        from agent.clips import order_clips

        order_clips(connection, house.plan, "exceedance", {}, outlet="DW001", factor=COD, now=5.0)
        raise KeyError("later in the same job")

    with pytest.raises(KeyError):
        await house.write(failing)
    assert clips(house) == []
