"""Connecting on a thread of its own."""

from __future__ import annotations

import asyncio
import threading

import pytest

from agent.uplink.dialling import dial


def nothing() -> None:
    raise AssertionError("nobody was late")


async def test_connection_is_made_on_another_thread() -> None:
    seen: list[str] = []
    await dial(lambda: seen.append(threading.current_thread().name), name="d", late=nothing)
    assert seen == ["d"]


@pytest.mark.parametrize("problem", [ConnectionRefusedError("no"), ValueError("no")], ids=repr)
async def test_what_went_wrong_is_told_as_an_os_error(problem: Exception) -> None:
    def fail() -> None:
        raise problem

    with pytest.raises(OSError, match="no"):
        await dial(fail, name="d", late=nothing)


async def test_connection_nobody_waits_for_any_more_is_late() -> None:
    hangs, late = threading.Event(), asyncio.Event()

    def connect() -> None:
        hangs.wait(10)

    task = asyncio.create_task(dial(connect, name="d", late=late.set))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hangs.set()
    async with asyncio.timeout(10):
        await late.wait()
