"""What may be in flight is for what the platform has yet to take, not for what the disk has."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uplink_fakes import AT, Desk, settled, until

from agent.store.db import Store
from agent.uplink.ledger import SETTLING

WAIT_S = 60.0


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@contextlib.asynccontextmanager
async def disk_standing_still(store: Store) -> AsyncIterator[None]:
    """Let nothing be committed while the block runs."""
    begun, go_on = threading.Event(), threading.Event()

    def stand(_: Any) -> None:
        begun.set()
        go_on.wait(WAIT_S)

    standing = asyncio.ensure_future(store.write(stand))
    assert await asyncio.to_thread(begun.wait, WAIT_S)
    try:
        yield
    finally:
        go_on.set()
        await standing


@pytest.mark.parametrize("age_s", [0.0, 3600.0], ids=["live", "backlog"])
async def test_next_goes_out_once_the_one_before_was_acknowledged(desk: Desk, age_s: float) -> None:
    await desk.owe_at(*range(8), age_s=age_s)
    async with desk.sending(in_flight=2):
        async with disk_standing_still(desk.store):
            await until(lambda: len(desk.link.published) == 8)
            assert desk.states() == ["open"] * 8
        await desk.until_states(*["accepted"] * 8)
    assert desk.link.most_in_flight == 2
    assert len(desk.link.published) == 8, "each once, though it was open in the store meanwhile"


async def test_packet_goes_out_once_the_one_before_was_acknowledged(desk: Desk) -> None:
    await desk.owe(AT, "DataTime=1;a=1", "DataTime=1;a=2", "DataTime=1;a=3", age_s=3600.0)
    async with desk.sending():
        async with disk_standing_still(desk.store):
            await until(lambda: len(desk.link.published) == 3)
        await desk.until_states(*["accepted"] * 3)
    assert [one.segment.pno for one in desk.link.published] == [1, 2, 3]
    assert desk.link.most_in_flight == 1


async def test_packets_of_one_upload_leave_no_room_unused(desk: Desk) -> None:
    for minute in range(8):
        bodies = [f"DataTime=1;a={number}" for number in range(5)]
        await desk.owe(AT + 60 * minute, *bodies, age_s=3600.0)
    desk.link.gate.clear()
    async with desk.sending(in_flight=4):
        await until(lambda: desk.link.in_flight == 4)
        assert [one.segment.pno for one in desk.link.published] == [1] * 4
    async with desk.sending(in_flight=5):
        await until(lambda: desk.link.in_flight == 5)
        desk.link.gate.set()
        await desk.until_states(*["accepted"] * 40)


async def test_packets_that_wait_for_their_turn_stand_before_nobody(desk: Desk) -> None:
    held = asyncio.Event()
    bodies = [f"DataTime=1;a={number}" for number in range(30)]
    await desk.owe(AT, *bodies, age_s=3600.0)
    await desk.owe_at(*range(1, 4), age_s=3600.0)
    desk.link.gate = held
    async with desk.sending(in_flight=2):
        await until(lambda: desk.link.in_flight == 2)
        assert [one.segment.pno for one in desk.link.published] == [1, None]
        held.set()
        await desk.until_states(*["accepted"] * 33)


async def test_what_the_disk_has_yet_to_take_is_bounded(desk: Desk) -> None:
    count = SETTLING + 60
    await desk.owe_at(*range(count))
    async with desk.sending(in_flight=2):
        async with disk_standing_still(desk.store):
            await until(lambda: len(desk.link.published) >= SETTLING)
            assert await settled(lambda: len(desk.link.published)) <= SETTLING + 2
        await desk.until_states(*["accepted"] * count)
