"""A plain paho client for tests, and frames written out by hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

MN = "010000A8900016F000169DC0"
HOST = "127.0.0.1"
WAIT_S = 60.0

Require = Callable[[str], object]


def framed(segment: str) -> bytes:
    register = 0xFFFF
    for byte in segment.encode():
        register = (register >> 8) ^ byte
        for _ in range(8):
            low = register & 1
            register >>= 1
            register ^= 0xA001 * low
    return f"##{len(segment):04d}{segment}{register:04X}\r\n".encode()


def real_time(number: int, *, flag: int = 5) -> bytes:
    qn = f"20260601083000{number:03d}"
    area = "DataTime=20260601083000;w01018-Rtd=36.5,w01018-Flag=N"
    return framed(f"QN={qn};ST=32;CN=2011;PW=123456;MN={MN};Flag={flag};CP=&&{area}&&")


def answer_to(number: int) -> bytes:
    qn = f"20260601083000{number:03d}"
    return framed(f"QN={qn};ST=91;CN=9014;PW=123456;MN={MN};Flag=4;CP=&&&&")


class Station:
    """A station that publishes with QoS 1 and hears what comes down."""

    def __init__(self, port: int, name: str = "station", *, version: int = 5) -> None:
        self.heard: list[bytes] = []
        self.refused = ""
        self._port = port
        self._up = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion(version)
        )
        self._client.on_connect = self._connected
        self._client.on_message = lambda _c, _u, message: self.heard.append(bytes(message.payload))

    async def __aenter__(self) -> Self:
        self._client.connect(HOST, self._port)
        self._client.loop_start()
        assert await asyncio.to_thread(self._up.wait, WAIT_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    async def publish(self, payload: bytes, topic: str = f"hj212/{MN}/up/2011") -> None:
        """Publish and wait for the broker's acknowledgement."""
        sent = self._client.publish(topic, payload, qos=1)
        await asyncio.to_thread(sent.wait_for_publish, WAIT_S)
        assert sent.is_published()

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(f"hj212/{MN}/down", qos=1)
        self._up.set()


async def until(true: Callable[[], bool], *, within_s: float = WAIT_S) -> None:
    """Wait until something is so; fail with a time-out when it never is."""
    async with asyncio.timeout(within_s):
        while True:
            if true():
                return
            await asyncio.sleep(0.02)
