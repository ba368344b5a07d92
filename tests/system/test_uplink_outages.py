"""A station whose broker hangs up in the middle of things: nothing is lost, nothing haunts it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from uplink_bench import posted
from uplink_scripted import (
    CONNECT,
    DISCONNECT,
    Packet,
    Scripted,
    connack,
    packet,
    puback,
    until,
    uplink_threads,
)

pytestmark = pytest.mark.system


@pytest.fixture
async def broker() -> AsyncIterator[Scripted]:
    async with Scripted().serving() as broker:
        yield broker
    await until(lambda: uplink_threads() == [])


def uploads(broker: Scripted, connection: int | None = None) -> list[bytes]:
    return [one.payload for one in broker.published(connection) if one.topic.endswith("up/2051")]


async def test_broker_that_cuts_us_off_again_and_again_gets_every_upload(
    broker: Scripted, tmp_path: Path
) -> None:
    got = 0

    def answer(one: Packet) -> bytes | None:
        nonlocal got
        got += 1
        if got % 37 == 0 and got < 300:
            broker.cut()
            return None
        return None if got % 5 == 0 and got < 300 else puback(one.mid)

    broker.answer = answer
    async with posted(tmp_path / "store", broker.address, keys={"ack_s": 0.5}) as post:
        await post.owe(*range(200))
        async with post.working() as station:
            await post.until_sent()
            assert station.state.drops >= 3
    frames = Counter(uploads(broker))
    assert len(frames) == 200, "a copy is the same to the last byte: QN, header and CRC"
    assert {int(one.partition(b"DataTime=")[2][:14]) for one in frames} == set(range(200))
    for connection in range(1, broker.connections + 1):
        repeated = [n for n in Counter(uploads(broker, connection)).values() if n > 1]
        assert repeated == [], "one transmission for each connection, none by paho itself"


async def test_broker_of_3_1_1_only_is_found_at_the_second_attempt(
    broker: Scripted, tmp_path: Path
) -> None:
    broker.greet = lambda version: connack(1 if version == 5 else 0, version=4)
    async with posted(tmp_path / "store", broker.address) as post, post.working():
        await post.owe(1)
        await post.until_sent()
    connects = [one.version for one in broker.packets if one.kind == CONNECT]
    assert connects == [5, 4]


async def test_broker_that_hangs_up_on_mqtt_5_is_spoken_to_in_3_1_1(
    broker: Scripted, tmp_path: Path
) -> None:
    broker.greet = lambda version: connack(version=4) if version == 4 else object()
    broker.answer = lambda one: puback(one.mid, version=4)
    async with (
        posted(tmp_path / "store", broker.address, keys={"connect_s": 0.3}) as post,
        post.working(),
    ):
        await post.owe(1)
        await post.until_sent()
    assert [one.version for one in broker.packets if one.kind == CONNECT] == [5, 4]


async def test_station_whose_session_was_taken_over_says_no_more(
    broker: Scripted, tmp_path: Path
) -> None:
    async with posted(tmp_path / "store", broker.address) as post:
        run = asyncio.create_task(post.station.run())
        await until(lambda: post.station.state.linked)
        broker.say(packet(DISCONNECT, b"\x8e"))
        await asyncio.wait_for(run, 60)
    assert post.station.state.taken_over
    assert broker.connections == 1
    assert not [one for one in broker.published() if b'"online":false' in one.payload]


async def test_message_too_large_for_the_broker_does_not_come_back_for_ever(
    broker: Scripted, tmp_path: Path
) -> None:
    def answer(one: Packet) -> bytes:
        if b"DataTime=00000000000007" in one.payload:
            return packet(DISCONNECT, b"\x95")
        return puback(one.mid)

    broker.answer = answer
    async with posted(tmp_path / "store", broker.address) as post, post.working():
        await post.owe(7)
        await post.until_sent()
        await post.owe(8)
        await post.until_sent()
        states = await post.store.read(
            lambda one: one.execute("SELECT state FROM outbox ORDER BY at").fetchall()
        )
    assert states == [("rejected",), ("accepted",)]
