"""A simulated TCP port, and the Modbus TCP endpoint on it: all units of the bus behind one port.

MBAP header, big endian: transaction (2), protocol 0 (2), bytes that follow (2), unit address (1).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from abc import ABC, abstractmethod
from typing import Self

from agent.tools.simulate.faults import Reply
from agent.tools.simulate.pdu import GATEWAY_TARGET_SILENT, exception
from agent.tools.simulate.units import Units
from drivers.settings import TcpBus

_HEADER = struct.Struct(">HHHB")
IDLE_S = 300.0
CLOSE_S = 2.0
_MAX_PDU = 253


class PortLine(ABC):
    """A TCP port that answers question after question; `_serve` knows what they look like."""

    def __init__(self, host: str, port: int, *, turnaround_s: float) -> None:
        self.host = host
        self.port = port
        self.turnaround_s = turnaround_s
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._late: set[asyncio.TimerHandle] = set()

    @property
    def where(self) -> str:
        """Where it is played, for people."""
        return f"{self.host}:{self.port}"

    @property
    def plugged(self) -> bool:
        """Whether the port accepts."""
        return self._server is not None

    async def __aenter__(self) -> Self:
        await self.plug()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pull()

    async def plug(self) -> None:
        """Listen. Raises OSError when the port is taken or not ours."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, self.host, self.port)

    async def pull(self) -> None:
        """Stop listening and cut every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        for writer in tuple(self._writers):
            writer.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), CLOSE_S)

    def send(
        self, writer: asyncio.StreamWriter, frame: bytes, delay_s: float, *, byte_s: float = 0.0
    ) -> None:
        """Send an answer after the turnaround and so much more; slow ones byte by byte."""
        delay_s += self.turnaround_s
        if byte_s > 0:
            for number, byte in enumerate(frame, start=1):
                self._at(writer, bytes((byte,)), delay_s + number * byte_s)
        else:
            self._at(writer, frame, delay_s)

    def _at(self, writer: asyncio.StreamWriter, frame: bytes, delay_s: float) -> None:
        if delay_s <= 0:
            writer.write(frame)
            return
        loop = asyncio.get_running_loop()
        self._late = {timer for timer in self._late if timer.when() > loop.time()}
        self._late.add(loop.call_later(delay_s, write_if_open, writer, frame))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._serve(reader, writer)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone, or says nothing any more
        finally:
            self._writers.discard(writer)
            writer.close()

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer question after question until the client is gone."""


class TcpLine(PortLine):
    """One TCP bus of the site, served until it is closed. It can be pulled and plugged."""

    def __init__(self, bus: TcpBus, units: Units, *, turnaround_s: float = 0.0) -> None:
        super().__init__(bus.host, bus.port, turnaround_s=turnaround_s)
        self.bus = bus
        self.units = units

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.wait_for(self._one(reader, writer), IDLE_S)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one question and answer it."""
        header = await reader.readexactly(_HEADER.size)
        transaction, protocol, length, address = _HEADER.unpack(header)
        if protocol != 0 or not 2 <= length <= _MAX_PDU + 1:
            raise ConnectionError("not Modbus TCP")
        request = await reader.readexactly(length - 1)
        if address in self.units:
            reply = self.units.reply(address, request)
        else:
            reply = Reply(address, exception(request[0], GATEWAY_TARGET_SILENT))
        if reply is not None:
            answer = _HEADER.pack(transaction, 0, len(reply.pdu) + 1, reply.address) + reply.pdu
            self.send(writer, reply.garbage or answer, reply.delay_s, byte_s=reply.byte_s)
            await writer.drain()


def write_if_open(writer: asyncio.StreamWriter, frame: bytes) -> None:
    """Write to a client that is still there."""
    if not writer.is_closing():
        writer.write(frame)
