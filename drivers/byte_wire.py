"""A line of bytes and how questions travel on it: Modbus RTU, Modbus ASCII, and other protocols.

An answer is known by its own length or end, never by a pause, but where the protocol has neither.
Bytes that came before a question went out are thrown away; our own bytes that come back are taken
out of what is judged, wherever they stand.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from drivers.device import BadAnswer, NoAnswer, Refused
from drivers.exchanges import MODBUS, Exchange, FrameExchange
from drivers.line import NoLine, Record
from drivers.modbus_wire import answer_values
from drivers.port import Port
from drivers.question import FrameQuestion, Question

MAX_BUFFER = 4096


class ByteWire:
    """One line of bytes behind a port. `framing` says how Modbus goes over it."""

    def __init__(
        self,
        port: Port,
        record: Record,
        *,
        framing: str = "rtu",
        character_s: float,
        silence_s: float,
    ) -> None:
        self._port = port
        self._record = record
        self._framing = framing
        self._character_s = character_s
        self.silence_s = silence_s
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._overhear: Callable[[bytes], None] | None = None
        self._last = b""
        self._asking = False
        self.echo: bool | None = None
        self.busy_at = 0.0
        port.came, port.gone = self._came, self._gone

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        """Send one Modbus question and read until its answer is whole.

        The time-out begins when the request has left and does not count the time its answer needs
        on the wire.
        """
        exchange = MODBUS[self._framing](question)
        try:
            return answer_values(question, await self._exchange(exchange, timeout_s))
        except (BadAnswer, Refused) as error:
            error.sent, error.received = exchange.request, self._last
            raise

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        """Send one question of another protocol; give the frame of its answer."""
        return await self._exchange(FrameExchange(question), timeout_s)

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        """Give every byte that comes to `overhear`, asked for or not. Raises NoLine."""
        self._overhear = overhear
        await self._port.open()

    def close(self) -> None:
        """Give the port up; the next question opens it again."""
        self._port.close()
        self.echo = None

    async def _exchange(self, exchange: Exchange, timeout_s: float) -> bytes:
        await self._port.open()
        self._port.flush()
        self._asking = True
        try:
            return await self._ask(exchange, timeout_s)
        finally:
            self._asking = False
            self._last = bytes(self._buffer)
            if self._buffer:
                self._record("<", self._last)
                self._buffer.clear()

    async def _ask(self, exchange: Exchange, timeout_s: float) -> bytes:
        request = exchange.request
        self._port.send(request)
        self.busy_at = _now() + len(request) * self._character_s
        self._record(">", request)
        deadline = self.busy_at + timeout_s + exchange.size * self._character_s
        try:
            return await self._answer(exchange, deadline)
        except (NoAnswer, BadAnswer) as error:
            error.sent, error.received = request, bytes(self._buffer)
            if isinstance(error, NoAnswer) and not self._buffer:
                self._port.silent()
            raise

    async def _answer(self, exchange: Exchange, deadline: float) -> bytes:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while True:
                    self._arrived.clear()
                    if answer := self._judge(exchange, final=False):
                        return answer
                    if await self._fell_silent(exchange):
                        break
        if answer := self._judge(exchange, final=True):
            return answer
        raise NoAnswer("no answer in time")

    async def _fell_silent(self, exchange: Exchange) -> bool:
        """Wait for more; True when something had come and nothing followed for `idle_s`.

        Our own bytes do not count: an instrument may think longer than that behind its echo.
        """
        if exchange.idle_s is None or not self._without_echo(exchange):
            await self._arrived.wait()
            return False
        try:
            async with asyncio.timeout(exchange.idle_s):
                await self._arrived.wait()
        except TimeoutError:
            return True
        return False

    def _judge(self, exchange: Exchange, *, final: bool) -> bytes | None:
        if not self._port.is_open:
            raise NoLine(self._port.patience.trouble)
        echoed = exchange.request in self._buffer
        if exchange.tells_echo and echoed:
            self.echo = True
        rest = self._without_echo(exchange)
        if answer := exchange.find(rest, final=final):
            self._port.patience.worked()
            self.echo = echoed if exchange.tells_echo else self.echo
            return answer
        if stranger := exchange.stranger(rest, final=final):
            raise BadAnswer(stranger.text, fault=stranger.fault, other_unit=stranger.unit)
        return None

    def _without_echo(self, exchange: Exchange) -> bytes:
        """Give what came, without our own bytes where they cannot be the answer."""
        came = bytes(self._buffer)
        if exchange.tells_echo or self.echo:
            return came.replace(exchange.request, b"", 1)
        return came

    def _came(self, data: bytes) -> None:
        """Keep what comes while somebody waits for it; the rest is overheard and recorded alone."""
        self.busy_at = _now()
        if self._asking:
            self._buffer += data[: MAX_BUFFER - len(self._buffer)]
            self._arrived.set()
        else:
            self._record("<", data)
        if self._overhear is not None:
            self._overhear(data)

    def _gone(self) -> None:
        self.echo = None
        self._arrived.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
