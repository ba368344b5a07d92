"""A platform over TCP that does what its script says. Bytes by hand, nothing of our own reader.

Frames are told apart by their length field alone; the CRC is worked out bit by bit.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

HOST = "127.0.0.1"


def crc(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


def framed(segment: str | bytes) -> bytes:
    data = segment.encode() if isinstance(segment, str) else segment
    return b"##%04d%b%04X\r\n" % (len(data), data, crc(data))


@dataclass(frozen=True, slots=True)
class Heard:
    """One frame as it came, with the number of the connection it came by."""

    connection: int
    data: bytes

    @property
    def text(self) -> str:
        return self.data[6:-6].decode("utf-8", "replace")

    def field(self, name: str) -> str:
        found = re.search(rf"(?:^|;){name}=([^;]*);", self.text.partition("CP=")[0])
        return found[1] if found else ""

    @property
    def cn(self) -> str:
        return self.field("CN")

    @property
    def qn(self) -> str:
        return self.field("QN")

    @property
    def cp(self) -> str:
        return self.text.partition("CP=&&")[2].removesuffix("&&")


Script = Callable[[Heard], "bytes | None"]


def answer_2017(heard: Heard) -> bytes | None:
    """Answer uploads as HJ 212-2017 has it; nothing to what wants no answer."""
    if not int(heard.field("Flag")) & 1:
        return None
    pw, mn = heard.field("PW"), heard.field("MN")
    return framed(f"QN={heard.qn};ST=91;CN=9014;PW={pw};MN={mn};Flag=4;CP=&&&&")


def answer_2025(heard: Heard) -> bytes | None:
    """Answer as HJ 212-2025 has it: uploads with 9014, the heartbeat with 9013."""
    if not int(heard.field("Flag")) & 1:
        return None
    cn = "9013" if heard.cn == "9015" else "9014"
    pw, mn = heard.field("PW"), heard.field("MN")
    return framed(f"QN={heard.qn};ST=91;CN={cn};PW={pw};MN={mn};Flag=8;CP=&&&&")


def answer_2005(heard: Heard) -> bytes | None:
    """Answer as HJ/T 212-2005 has it: what is answered stands in the data area."""
    if not int(heard.field("Flag")) & 1:
        return None
    pw, mn = heard.field("PW"), heard.field("MN")
    said = f"QN={heard.qn};CN={heard.cn}"
    if heard.field("PNO"):
        said += f";PNO={heard.field('PNO')};PNUM={heard.field('PNUM')}"
    return framed(f"ST=91;CN=9014;PW={pw};MN={mn};Flag=0;CP=&&{said}&&")


@dataclass(slots=True)
class Platform:
    """Listens; answers each frame by `script`; None keeps silent. While `deaf` it reads nothing."""

    script: Script = answer_2017
    tls: ssl.SSLContext | None = None
    deaf: bool = False
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    connections: int = 0
    ended: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _server: asyncio.Server | None = None

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Platform]:
        await self.open()
        try:
            yield self
        finally:
            self.close()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Go away: nobody listens any more, and everybody is cut off."""
        if self._server is not None:
            self._server.close()
        self._server = None
        self.cut()

    @property
    def address(self) -> str:
        return f"{'tls' if self.tls else 'tcp'}://{HOST}:{self.port}"

    def pause(self) -> None:
        """Read nothing more from anybody."""
        for writer in self._writers:
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's

    def cut(self) -> None:
        """Hang up on everybody, without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def hang_up(self) -> None:
        """Close in good order."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def say(self, data: bytes) -> None:
        """Send bytes down the newest connection."""
        self._writers[-1].write(data)

    def say_on(self, number: int, data: bytes) -> None:
        """Send bytes down the connection of that number, while none was cut yet."""
        self._writers[number - 1].write(data)

    def of(self, cn: str) -> list[Heard]:
        return [one for one in self.heard if one.cn == cn]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers.append(writer)
        if self.deaf:
            self.pause()
            return
        await talk(self, number, reader, writer)
        self.ended += 1
        writer.close()


async def talk(
    platform: Platform, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Read frames until the other side goes, and answer each by the script."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        while True:
            head = await reader.readexactly(6)
            rest = await reader.readexactly(int(head[2:]) + 6)
            platform.raw += head + rest
            heard = Heard(number, head + rest)
            platform.heard.append(heard)
            answer = platform.script(heard)
            if answer:
                writer.write(answer)
