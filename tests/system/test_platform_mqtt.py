from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from platform_bench import (
    HOST,
    MN,
    WAIT_S,
    Require,
    Station,
    answer_to,
    real_time,
    until,
)

from agent.errors import StoreError
from agent.tools.broker import Broker, free_port
from agent.tools.platform.broker_address import BrokerAddress
from agent.tools.platform.ledger import Entry
from agent.tools.platform.mqtt_intake import MqttIntake
from agent.tools.platform.platform import Platform
from agent.tools.platform.store import FrameStore

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


@contextlib.asynccontextmanager
async def running(broker: Broker, store: Path, **options: Any) -> AsyncIterator[Platform]:
    with FrameStore(store) as frames:
        platform = Platform(frames, **options)
        platform.recall()
        intake = MqttIntake(platform, BrokerAddress(HOST, broker.port))
        task = asyncio.ensure_future(intake.run())
        try:
            await asyncio.wait_for(platform.connected.wait(), WAIT_S)
            yield platform
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def lines(store: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in store.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("program", "version"), [("mosquitto", 5), ("amqtt", 4)])
async def test_frame_is_stored_and_answered_on_either_broker(
    program: Any, version: int, tmp_path: Path, require: Require
) -> None:
    if program == "mosquitto":
        require("mosquitto")
    store = tmp_path / "frames.jsonl"
    async with (
        Broker(free_port(), tmp_path, program=program) as broker,
        running(broker, store) as platform,
        Station(broker.port, version=version) as station,
    ):
        await station.publish(real_time(1))
        await station.publish(real_time(2, flag=4))
        await station.publish(real_time(1))
        await station.publish(b"##0003abc0000\r\n")
        await until(lambda: len(station.heard) >= 2 and platform.ledger.rejected.total() == 1)
        assert station.heard == [answer_to(1), answer_to(1)]
    kept = lines(store)
    assert [(line["ok"], line["duplicate"]) for line in kept] == [
        (True, False), (True, False), (True, True), (False, False),
    ]  # fmt: skip
    assert kept[0]["frame"].encode("latin-1") == real_time(1)
    assert kept[3]["reason"].startswith("crc:")


async def test_frame_under_a_topic_of_another_station_is_rejected(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    async with (
        Broker(free_port(), tmp_path) as broker,
        running(broker, tmp_path / "frames.jsonl") as platform,
        Station(broker.port) as station,
    ):
        await station.publish(real_time(1), f"hj212/{'0' * 24}/up/2011")
        await station.publish(real_time(1), f"hj212/{MN}/up/2051")
        await until(lambda: platform.ledger.rejected.total() == 2)
    assert platform.ledger.summary()["received"] == 0


async def test_platform_without_answers_says_nothing(tmp_path: Path, require: Require) -> None:
    require("mosquitto")
    async with (
        Broker(free_port(), tmp_path) as broker,
        running(broker, tmp_path / "frames.jsonl", answers=False) as platform,
        Station(broker.port) as station,
    ):
        await station.publish(real_time(1))
        await until(lambda: platform.ledger.distinct.total() == 1)
        await station.publish(real_time(2), f"hj212/{MN}/down")
        await until(lambda: len(station.heard) > 0)
        assert station.heard == [real_time(2)]  # only what we sent ourselves


async def test_what_is_sent_while_the_platform_is_away_is_not_lost(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    store = tmp_path / "frames.jsonl"
    async with Broker(free_port(), tmp_path) as broker, Station(broker.port) as station:
        async with running(broker, store):
            await station.publish(real_time(1))
        for number in (1, 2, 3):
            await station.publish(real_time(number))
        async with running(broker, store) as platform:
            await until(lambda: platform.ledger.distinct.total() == 3)
    summary = platform.ledger.summary()
    assert (summary["received"], summary["duplicates"]) == (3, 1)
    assert [line["qn"][-3:] for line in lines(store) if not line["duplicate"]] == [
        "001", "002", "003",
    ]  # fmt: skip


class FullStore(FrameStore):
    """A store on a full disk that takes its time to say so: an early acknowledgement gets away."""

    def append(self, entry: Entry) -> None:
        time.sleep(0.5)
        raise StoreError("no space left")


async def test_frame_that_could_not_be_stored_is_not_acknowledged(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    async with Broker(free_port(), tmp_path) as broker, Station(broker.port) as station:
        with FullStore(tmp_path / "full.jsonl") as full:
            failing = Platform(full)
            intake = MqttIntake(failing, BrokerAddress(HOST, broker.port))
            task = asyncio.ensure_future(intake.run())
            await asyncio.wait_for(failing.connected.wait(), WAIT_S)
            await station.publish(real_time(1))
            with pytest.raises(StoreError, match="no space left"):
                await asyncio.wait_for(task, WAIT_S)
        async with running(broker, tmp_path / "frames.jsonl") as platform:
            await until(lambda: platform.ledger.distinct.total() == 1)


async def test_platform_comes_back_by_itself_when_the_broker_was_away(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    async with (
        Broker(free_port(), tmp_path) as broker,
        running(broker, tmp_path / "frames.jsonl") as platform,
    ):
        await broker.stop()
        await until(lambda: not platform.connected.is_set())
        await broker.start()
        await until(platform.connected.is_set)
        async with Station(broker.port) as station:
            await station.publish(real_time(1))
        await until(lambda: platform.ledger.distinct.total() == 1)


async def test_platform_waits_for_a_broker_that_is_not_there_yet(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    broker = Broker(free_port(), tmp_path)
    platform = Platform()
    task = asyncio.ensure_future(MqttIntake(platform, BrokerAddress(HOST, broker.port)).run())
    try:
        await asyncio.sleep(0)
        async with broker:
            await until(platform.connected.is_set)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_states_and_events_are_noted_and_acknowledged(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    async with (
        Broker(free_port(), tmp_path) as broker,
        running(broker, tmp_path / "frames.jsonl") as platform,
        Station(broker.port) as station,
    ):
        await station.publish(b'{"online": true}', f"hj212/{MN}/state")
        await station.publish(b'{"kind": "exceedance"}', f"hj212/{MN}/event")
        await station.publish(b"\xff not json", f"hj212/{MN}/event")
        await until(lambda: len(platform.events) == 2)
    assert platform.states[MN].content == {"online": True}
    assert platform.events[0].content == {"kind": "exceedance"}
    assert lines(tmp_path / "frames.jsonl") == []


async def test_command_with_its_own_broker_counts_and_ends_cleanly(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    port, store = free_port(), tmp_path / "frames.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.tools.platform", "--broker", "--json",
        "--mqtt", f"mqtt://{HOST}:{port}", "--store", str(store), "--pw", "123456",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), WAIT_S))
        async with Station(port) as station:
            for number in (1, 2, 2):
                await station.publish(real_time(number))
            await station.publish(b"junk")
        await until(lambda: store.exists() and len(lines(store)) == 4)
        process.send_signal(signal.SIGINT)
        output, errors = await asyncio.wait_for(process.communicate(), WAIT_S)
    finally:
        if process.returncode is None:
            process.kill()
    said = [json.loads(line) for line in output.splitlines()]
    assert (process.returncode, errors) == (0, b"")
    assert ready == {"kind": "link", "connected": True}
    assert [line["kind"] for line in said] == ["frame"] * 4 + ["summary"]
    assert (said[-1]["received"], said[-1]["duplicates"], said[-1]["rejected"]) == (2, 1, 1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, port)
    again = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.tools.platform", "--json",
        "--mqtt", f"mqtt://{HOST}:{port}", "--store", str(store),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert again.stderr is not None
    assert b"broker away" in await asyncio.wait_for(again.stderr.readline(), WAIT_S)
    again.send_signal(signal.SIGTERM)
    output, _ = await asyncio.wait_for(again.communicate(), WAIT_S)
    assert json.loads(output) == said[-1]
