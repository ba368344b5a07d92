"""A broker that speaks raw MQTT bytes and does what its script says, right or wrong.

Packets are put together here by hand, from the standard's tables, and with nothing of paho's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

HOST = "127.0.0.1"
WAIT_S = 60.0

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x40, 0x80, 0x90
DISCONNECT = 0xE0

Close = object()
"""Instead of bytes: hang up."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as it came, with the number of the connection it came by."""

    connection: int
    kind: int
    flags: int
    body: bytes
    version: int

    @property
    def topic(self) -> str:
        """The topic of a PUBLISH."""
        return self.body[2 : 2 + self._topic_size].decode()

    @property
    def mid(self) -> int:
        """The packet identifier of a PUBLISH with QoS 1, or of a SUBSCRIBE."""
        at = 2 + self._topic_size if self.kind == PUBLISH else 0
        return int.from_bytes(self.body[at : at + 2])

    @property
    def payload(self) -> bytes:
        """The payload of a PUBLISH; our own properties are short."""
        at = 2 + self._topic_size + (2 if self.flags & 0x06 else 0)
        if self.version == 5:
            at += 1 + self.body[at]
        return self.body[at:]

    @property
    def _topic_size(self) -> int:
        return int.from_bytes(self.body[:2])


def packet(kind: int, body: bytes) -> bytes:
    """Put a fixed header before a body."""
    left, size = len(body), b""
    while True:
        left, digit = divmod(left, 128)
        size += bytes([digit | (0x80 if left else 0)])
        if not left:
            return bytes([kind]) + size + body


def connack(reason: int = 0, *, version: int = 5, properties: bytes = b"") -> bytes:
    tail = bytes([len(properties)]) + properties if version == 5 else b""
    return packet(CONNACK, bytes([0, reason]) + tail)


def puback(mid: int, reason: int = 0, *, version: int = 5) -> bytes:
    tail = bytes([reason]) if version == 5 and reason else b""
    return packet(PUBACK, mid.to_bytes(2) + tail)


def publish(topic: str, payload: bytes, *, version: int = 5) -> bytes:
    """Make a PUBLISH with QoS 0."""
    text = topic.encode()
    properties = b"\0" if version == 5 else b""
    return packet(PUBLISH, len(text).to_bytes(2) + text + properties + payload)


Greeting = Callable[[int], "bytes | object | None"]
Answer = Callable[[Packet], "bytes | None"]


@dataclass(slots=True)
class Scripted:
    """Greets by `greet` (version -> bytes, None to stay mute, Close), answers by `answer`.

    `behind` goes out right behind the greeting. While `deaf` it reads nothing.
    """

    greet: Greeting = lambda version: connack(version=version)
    answer: Answer = lambda one: puback(one.mid, version=one.version)
    suback: int = 1
    behind: bytes = b""
    deaf: bool = False
    tls: ssl.SSLContext | None = None
    port: int = 0
    packets: list[Packet] = field(default_factory=list)
    connections: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Scripted]:
        server = await asyncio.start_server(self._serve, HOST, self.port, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()

    @property
    def address(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{HOST}:{self.port}"

    def published(self, connection: int | None = None) -> list[Packet]:
        return [
            one
            for one in self.packets
            if one.kind == PUBLISH and connection in (None, one.connection)
        ]

    def say(self, data: bytes) -> None:
        """Send bytes down the newest connection."""
        self._writers[-1].write(data)

    def cut(self) -> None:
        """Hang up on everybody, without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            version = 4
            while True:
                kind, flags, body = await _read(reader)
                if kind == CONNECT:
                    version = body[6]
                self.packets.append(Packet(number, kind, flags, body, version))
                if not self._react(self.packets[-1], writer):
                    break
                await self._while_deaf(kind)
        writer.close()

    def _react(self, one: Packet, writer: asyncio.StreamWriter) -> bool:
        if one.kind == CONNECT:
            greeting = self.greet(one.version)
            if greeting is Close:
                return False
            if isinstance(greeting, bytes):
                writer.write(greeting + self.behind)
        elif one.kind == SUBSCRIBE:
            properties = b"\0" if one.version == 5 else b""
            writer.write(packet(SUBACK, one.body[:2] + properties + bytes([self.suback])))
        elif one.kind == PUBLISH and one.flags & 0x06:
            writer.write(self.answer(one) or b"")
        return one.kind != DISCONNECT

    async def _while_deaf(self, kind: int) -> None:
        if self.deaf and kind == SUBSCRIBE:
            await asyncio.sleep(3600)


@dataclass(slots=True)
class Mute:
    """Takes every caller in and never says a word."""

    port: int = 0
    callers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def __aenter__(self) -> Mute:
        self._server = await asyncio.start_server(
            lambda _, writer: self.callers.append(writer), HOST, 0
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for caller in self.callers:
            caller.transport.abort()

    _server: asyncio.Server = field(init=False)


async def _read(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    first = (await reader.readexactly(1))[0]
    size, shift = 0, 0
    while True:
        digit = (await reader.readexactly(1))[0]
        size |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            break
    return first & 0xF0, first & 0x0F, await reader.readexactly(size)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; fail with a time-out when it never is."""
    async with asyncio.timeout(WAIT_S):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


def uplink_threads() -> list[str]:
    """Give the threads of links that live."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("paho-mqtt", "dial-"))
    ]
