"""A line ends when it is told to, whatever the library below makes of it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from agent.line import _Heedful
from drivers.device import NoAnswer, Reading


class Swallowing:
    """An instrument behind a library that takes a cancellation for a failed connection."""

    id = "cod"

    def __init__(self) -> None:
        self.asked = 0

    async def read(self) -> list[Reading]:
        self.asked += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        raise NoAnswer("no connection")


async def test_cancellation_that_a_library_swallows_ends_the_polling_all_the_same() -> None:
    device = Swallowing()
    asked = _Heedful(device)

    async def poll() -> None:
        while True:
            with contextlib.suppress(NoAnswer):
                await asked.read()

    task = asyncio.create_task(poll())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(task), 60)
    assert device.asked == 1
    assert asked.id == "cod"
