"""Where a TCP intake is, and the way back on one of its connections."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from agent.errors import PaikouError

MOST_UNREAD = 1_000_000
"""Bytes we hold for a station that does not read; then its connection is cut."""


class BadPlace(PaikouError):
    """A HOST:PORT that cannot be had."""


class NoPlace(BadPlace):
    """A text that is no HOST:PORT."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read `HOST:PORT` or `[IPv6]:PORT`. Raises `NoPlace`."""
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise NoPlace(f"{text}: HOST:PORT expected")
        return cls(host, int(port))


@dataclass(frozen=True, slots=True)
class StreamChannel:
    """The way back on one TCP connection."""

    writer: asyncio.StreamWriter

    def send(self, frame: bytes) -> None:
        """Write a frame; a station that reads nothing is cut off."""
        if not self.open:
            return
        self.writer.write(frame)
        if self.writer.transport.get_write_buffer_size() > MOST_UNREAD:
            self.cut()

    def cut(self) -> None:
        """Break the connection at once."""
        self.writer.transport.abort()

    @property
    def open(self) -> bool:
        """Whether the connection lasts."""
        return not self.writer.transport.is_closing()
