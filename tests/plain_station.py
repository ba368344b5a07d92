"""A station in a few lines, with nothing of `protocols` in it: plain text, own CRC, own parser."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Self

HOST = "127.0.0.1"
WAIT_S = 60.0
MN = "010000A8900016F000169DC0"
QN = "20260601083000123"
FLAGS = {"hj212-2005": 0, "hj212-2017": 4, "hj212-2025": 8}


def checksum(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register, low = register >> 1, register & 1
            register ^= 0xA001 * low
    return register


@dataclass(frozen=True, slots=True)
class Read:
    """A frame as this parser has it: header fields in order, the data area as text."""

    head: dict[str, str]
    area: str

    def __getitem__(self, name: str) -> str:
        return self.head[name]


def read(frame: bytes) -> Read:
    """Take a clear frame apart, and fail on anything that is not to the letter."""
    found = re.fullmatch(rb"##([0-9]{4})(.*)([0-9A-F]{4})\r\n", frame, re.DOTALL)
    assert found is not None, frame
    length, segment, crc = found.groups()
    assert int(length) == len(segment), frame
    assert int(crc, 16) == checksum(segment), frame
    head, area = re.fullmatch(r"(.*;)CP=&&(.*)&&", segment.decode(), re.DOTALL).groups()  # type: ignore[union-attr]
    return Read(dict(pair.split("=", 1) for pair in head[:-1].split(";")), area)


def framed(segment: str | bytes) -> bytes:
    data = segment.encode() if isinstance(segment, str) else segment
    return b"##%04d%b%04X\r\n" % (len(data), data, checksum(data))


def said(cn: str, area: str = "", *, qn: str = QN, st: str = "32", pw: str = "123456",
         mn: str = MN, flag: int = 5) -> bytes:  # fmt: skip
    """Write a frame as a station of 2017 (with another flag: of 2025) does."""
    head = f"QN={qn};ST={st};CN={cn};PW={pw};MN={mn};Flag={flag}"
    return framed(f"{head};CP=&&{area}&&")


def answer(asked: Read, cn: str, area: str = "") -> bytes:
    """Answer a request the way its edition has it, which the Flag of the request tells."""
    version = int(asked["Flag"]) & ~3
    head = f"ST=91;CN={cn};PW={asked['PW']};MN={asked['MN']};Flag={version}"
    if version:
        return framed(f"QN={asked['QN']};{head};CP=&&{area}&&")
    told = f"QN={asked['QN']}" + (f";{area}" if area else "")
    return framed(f"{head};CP=&&{told}&&")


def result(asked: Read, area: str) -> bytes:
    """Tell what a request asked for, under its QN."""
    version = int(asked["Flag"]) & ~3
    head = f"ST={asked['ST']};CN={asked['CN']};PW={asked['PW']};MN={asked['MN']};Flag={version}"
    if version:
        return framed(f"QN={asked['QN']};{head};CP=&&{area}&&")
    return framed(f"{head};CP=&&QN={asked['QN']};{area}&&")


@dataclass(slots=True)
class Peer:
    """A station at the other end of a TCP connection."""

    port: int
    heard: list[bytes] = field(default_factory=list)
    _reader: asyncio.StreamReader = field(init=False)
    _writer: asyncio.StreamWriter = field(init=False)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), WAIT_S)
        except (OSError, TimeoutError):
            return

    def say(self, *frames: bytes) -> None:
        for frame in frames:
            self._writer.write(frame)

    async def frame(self) -> bytes:
        """Give the next frame; the length says where it ends."""
        async with asyncio.timeout(WAIT_S):
            head = await self._reader.readexactly(6)
            rest = await self._reader.readexactly(int(head[2:]) + 6)
        self.heard.append(head + rest)
        return head + rest

    async def read(self) -> Read:
        return read(await self.frame())

    async def ended(self) -> None:
        """Wait until the other side has closed or broken the connection."""
        try:
            async with asyncio.timeout(WAIT_S):
                while await self._reader.read(4096):
                    pass
        except ConnectionError:
            return

    async def quiet(self) -> None:
        """Say something that is answered at once, and see that nothing else came before it."""
        self.say(said("2081", "DataTime=20260601083000;RestartTime=20260601083000",
                      qn="20260601083000999"))  # fmt: skip
        told = await self.read()
        assert (told["CN"], told["QN"]) == ("9014", "20260601083000999"), told
