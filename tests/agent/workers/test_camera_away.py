"""A camera whose process cannot even begin is offline, and that is told."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from agent_house import House
from test_clips import CAMERA, cameras

from agent.bells import Bells
from agent.filming import Filming
from agent.filming.camera import GONE_S
from drivers.camera.sight import Sight

WAIT_S = 60.0


async def test_camera_without_its_process_is_offline_with_the_reason_once(
    house_with: Any,
) -> None:
    nowhere = {**CAMERA, "username": "u", "password": {"file": "/nonexistent/password"}}
    house: House = await house_with(cameras(nowhere))
    stills = house.store.path.parent / "stills"
    parts = (house.store, house.clock, Bells(), stills)
    one = Filming(house.plan.site.cameras[0], house.plan, *parts)
    task = asyncio.create_task(one.run())
    try:
        async with asyncio.timeout(WAIT_S):
            # nothing rings a bell
            while not one.reason:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            one._up_at = time.monotonic() - GONE_S - 1
            while not house.events("camera_offline"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    ((_, _, text),) = house.events("camera_offline")
    assert "password" in json.loads(text)["reason"]
    assert one.sight is Sight.OFFLINE
