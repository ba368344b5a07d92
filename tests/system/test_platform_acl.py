"""The access rules for mosquitto in docs/platform.zh-CN.md do what the page says."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from platform_bench import HOST, MN, WAIT_S, Require, until

from agent.tools.broker import free_port

pytestmark = pytest.mark.system

PAGE = Path(__file__).parents[2] / "docs" / "platform.zh-CN.md"
OTHER = "F" * 24


@contextlib.asynccontextmanager
async def mosquitto(program: Path, folder: Path) -> AsyncIterator[int]:
    rules = re.search(r"```mosquitto-acl\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert rules is not None
    (folder / "acl").write_text(rules[1], encoding="utf-8")
    (folder / "acl").chmod(0o600)
    port = free_port()
    (folder / "conf").write_text(
        f"listener {port} {HOST}\nallow_anonymous true\nacl_file {folder / 'acl'}\n"
        f"user {getpass.getuser()}\npersistence false\n",
        encoding="utf-8",
    )
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, "-c", str(folder / "conf"), stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection(HOST, port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                break
        yield port
    finally:
        process.terminate()
        await process.wait()


@dataclass(slots=True)
class Client:
    """A client that logs in by name and remembers what it was granted and told."""

    port: int
    name: str
    heard: list[str] = field(default_factory=list)
    acknowledged: dict[int, bool] = field(default_factory=dict)
    granted: list[bool] = field(default_factory=list)
    client: mqtt.Client = field(init=False)

    async def __aenter__(self) -> Client:
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, f"c-{self.name}", protocol=MQTTProtocolVersion.MQTTv5
        )
        self.client.username_pw_set(self.name)
        self.client.on_message = lambda _c, _u, one: self.heard.append(one.topic)
        self.client.on_publish = self._published
        self.client.on_subscribe = self._subscribed
        self.client.connect(HOST, self.port)
        self.client.loop_start()
        await until(self.client.is_connected)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    def _published(self, _c: Any, _u: Any, mid: int, reason: Any, _p: Any) -> None:
        self.acknowledged[mid] = not reason.is_failure

    def _subscribed(self, _c: Any, _u: Any, _m: int, reasons: Any, _p: Any) -> None:
        self.granted.append(not reasons[0].is_failure)

    async def may_publish(self, topic: str) -> bool:
        mid = self.client.publish(topic, b"x", qos=1).mid
        await until(lambda: mid in self.acknowledged)
        return self.acknowledged[mid]

    async def subscribe(self, topic: str) -> None:
        before = len(self.granted)
        self.client.subscribe(topic, qos=1)
        await until(lambda: len(self.granted) > before)


async def test_station_may_speak_for_itself_alone(tmp_path: Path, require: Require) -> None:
    program = Path(str(require("mosquitto")))
    async with (
        mosquitto(program, tmp_path) as port,
        Client(port, "platform") as platform,
        Client(port, MN) as station,
        Client(port, OTHER) as other,
    ):
        for topic in ("hj212/+/up/#", "hj212/+/state", "hj212/+/health", "hj212/+/event"):
            await platform.subscribe(topic)
        for topic in ("up/2011", "state", "health", "event"):
            assert await station.may_publish(f"hj212/{MN}/{topic}"), topic
            assert not await station.may_publish(f"hj212/{OTHER}/{topic}"), topic
        assert not await station.may_publish(f"hj212/{MN}/down")
        await until(lambda: len(platform.heard) == 4)

        await station.subscribe(f"hj212/{MN}/down")
        await other.subscribe(f"hj212/{MN}/down")  # what it may not read does not reach it
        await other.subscribe(f"hj212/{OTHER}/down")
        assert await platform.may_publish(f"hj212/{MN}/down")
        assert await platform.may_publish(f"hj212/{OTHER}/down")
        assert not await platform.may_publish(f"hj212/{MN}/up/2011")
        await until(lambda: bool(station.heard) and bool(other.heard))
        assert (station.heard, other.heard) == ([f"hj212/{MN}/down"], [f"hj212/{OTHER}/down"])
        assert len(platform.heard) == 4

        assert not await station.may_publish(f"hj212/{MN}/order"), "no station orders itself"
        await station.subscribe(f"hj212/{MN}/order")
        await other.subscribe(f"hj212/{MN}/order")
        assert await platform.may_publish(f"hj212/{MN}/order")
        await until(lambda: f"hj212/{MN}/order" in station.heard)
        assert f"hj212/{MN}/order" not in other.heard


async def test_platforms_may_share_the_intake(tmp_path: Path, require: Require) -> None:
    program = Path(str(require("mosquitto")))
    async with (
        mosquitto(program, tmp_path) as port,
        Client(port, "platform") as platform,
        Client(port, MN) as station,
    ):
        await platform.subscribe("$share/intake/hj212/+/up/#")
        assert await station.may_publish(f"hj212/{MN}/up/2011")
        await until(lambda: platform.heard == [f"hj212/{MN}/up/2011"])
