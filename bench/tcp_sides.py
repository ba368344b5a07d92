"""What stands around the candidates of `tcp.py`: instruments, platform, and the plain poller.

Run as `tcp_sides.py ROLE …`. Instruments and platform print a line when they are ready, and what
they saw, as JSON, when they are ended. Every point is the millisecond of its reply, modulo
8,000,000 (what a float32 holds exactly), so that the platform can tell how old a point is.
"""

from __future__ import annotations

import asyncio
import json
import signal
import struct
import sys
import time
from collections import defaultdict
from typing import ClassVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.client import AsyncModbusTcpClient

HOST = "127.0.0.1"
TURN_MS = 8_000_000
UNITS = 240


def clock_ms() -> int:
    return time.monotonic_ns() // 1_000_000 % TURN_MS


class Instruments(asyncio.Protocol):
    """All units of one port. Notes when each was asked."""

    asked: ClassVar[defaultdict[int, list[float]]] = defaultdict(list)

    def __init__(self, first: int) -> None:
        self._first, self._data = first, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while len(self._data) >= 12:
            request, self._data = self._data[:12], self._data[12:]
            unit, points = request[6], int.from_bytes(request[10:12], "big") // 2
            self.asked[self._first + unit - 1].append(time.monotonic())
            values = struct.pack(">f", float(clock_ms())) * points
            body = bytes((unit, 3, len(values))) + values
            self._transport.write(request[:4] + len(body).to_bytes(2, "big") + body)


async def instruments(base_port: int, devices: int) -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    for number in range(-(-devices // UNITS)):
        first = number * UNITS
        await loop.create_server(lambda first=first: Instruments(first), HOST, base_port + number)
    print("ready", flush=True)
    await done.wait()
    print(json.dumps(Instruments.asked))


def platform(port: int) -> None:
    """Count what arrives: when, points, and the age of the oldest in milliseconds."""
    came: list[tuple[float, int, int]] = []

    def message(_: object, __: object, what: paho.MQTTMessage) -> None:
        found = json.loads(what.payload)
        if isinstance(found, dict) and "values" in found:
            values = found["values"].values()
            oldest = max((clock_ms() - value) % TURN_MS for value in values)
            came.append((time.monotonic(), len(values), round(oldest)))
            if len(came) == 1:
                print("first", flush=True)

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = message
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect(HOST, port)
    client.subscribe("#")
    client.loop_start()
    signal.sigwait({signal.SIGTERM})
    client.loop_stop()
    print(json.dumps(came))


async def plain(base_port: int, port: int, devices: int, points: int, period_s: float) -> None:
    """Poll with pymodbus and publish with paho: no judging, no store, nothing kept."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1000)
    client.connect(HOST, port)
    client.loop_start()
    names = [f"p{number:02d}" for number in range(points)]
    words, floats = struct.Struct(f">{2 * points}H"), struct.Struct(f">{points}f")

    async def poll(device: int) -> None:
        line = AsyncModbusTcpClient(HOST, port=base_port + device // UNITS)
        await line.connect()
        due = time.monotonic() + 0.2
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + period_s, time.monotonic() - period_s)
            unit = 1 + device % UNITS
            answer = await line.read_holding_registers(0, count=2 * points, device_id=unit)
            values = floats.unpack(words.pack(*answer.registers))
            said = {"ts": int(time.time() * 1000), "values": dict(zip(names, values, strict=True))}
            client.publish(f"plain/{device}", json.dumps(said), qos=1)

    await asyncio.gather(*(poll(device) for device in range(devices)))


if __name__ == "__main__":
    role, *words = sys.argv[1:]
    if role == "instruments":
        asyncio.run(instruments(int(words[0]), int(words[1])))
    elif role == "platform":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        platform(int(words[0]))
    else:
        base_port, port, devices, points = map(int, words[:4])
        asyncio.run(plain(base_port, port, devices, points, float(words[4])))
