"""Modbus TCP: one connection, one question at a time, and the one frame that is its answer.

Bytes of a frame: transaction 0-1, protocol 2-3, length 4-5, unit 6, PDU. The length counts the unit
and what follows it. An answer is known by transaction, unit and form; transaction 0 is nobody's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.device import BadAnswer, Fault, NoAnswer, Refused
from drivers.line import NoLine, Patience, Record
from drivers.modbus_wire import answer_values, request_pdu
from drivers.question import FrameQuestion, Question
from drivers.settings import TcpBus

HEADER_SIZE = 7
MAX_RECEIVED = 4096
CONNECT_TIMEOUT_S = 5.0
LONGEST_DELAY_S = 1.5
"""An endpoint that is back is asked again within two seconds, however long it was away."""
SILENT_TIMES = 3


class TcpWire:
    """A Modbus TCP endpoint: one connection, made when it is needed."""

    echo: bool | None = False
    silence_s = 0.0

    def __init__(self, settings: TcpBus, record: Record) -> None:
        self._settings = settings
        self._record = record
        self._transport: asyncio.Transport | None = None
        self._patience = Patience(LONGEST_DELAY_S)
        self._number = 0
        self._question: Question | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._sent = self._received = b""
        self._silent = 0
        self.busy_at = 0.0

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        """Send one question and wait for the answer with its transaction id."""
        self._sent = self._received = b""
        transport = self._transport or await self._connect()
        frame = await self._exchange(transport, question, timeout_s)
        if not frame:
            raise self._no_answer(question)
        self._silent = 0
        self._patience.worked()
        try:
            return answer_values(question, frame[HEADER_SIZE:])
        except (BadAnswer, Refused) as error:
            error.sent, error.received = self._sent, self._received
            raise

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        """Raise NoLine: nothing but Modbus goes over a Modbus TCP line."""
        raise NoLine("only Modbus goes over this line; a serial server is kind serial-over-tcp")

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        """Raise NoLine: nobody speaks here unasked."""
        raise NoLine("nobody speaks unasked on a Modbus TCP line")

    def close(self) -> None:
        """Close the connection; the next question makes a new one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    async def _connect(self) -> asyncio.Transport:
        self._patience.check(_now())
        host, port = self._settings.host, self._settings.port
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                transport, _ = await loop.create_connection(lambda: _Ear(self), host, port)
        except (TimeoutError, OSError, UnicodeError) as error:  # no name fails in its encoding
            raise self._lost(f"no connection to {host}:{port}") from error
        if transport.is_closing():
            raise self._lost(f"{host}:{port} closed the connection at once")
        self._transport, self._silent = transport, 0
        return transport

    async def _exchange(
        self, transport: asyncio.Transport, question: Question, timeout_s: float
    ) -> bytes:
        """Send a question; give the frame of its answer, or nothing."""
        loop = asyncio.get_running_loop()
        self._number = self._number % 0xFFFF + 1
        self._sent = framed(question, self._number)
        self._question, self._answer = question, loop.create_future()
        self.busy_at = loop.time()
        self._record(">", self._sent)
        transport.write(self._sent)
        late = loop.call_later(timeout_s, self._end, b"")
        try:
            return await self._answer
        finally:
            late.cancel()
            self._answer = None

    def heard(self, transport: asyncio.BaseTransport | None, data: bytes) -> None:
        """Take bytes of the connection in use; what comes while nobody waits is nobody's."""
        if transport is not self._transport:
            return
        self.busy_at = _now()
        self._record("<", data)
        if self._answer is None or self._answer.done() or self._question is None:
            return
        self._received = (self._received + data)[:MAX_RECEIVED]
        frame = find_frame(self._received, self._sent, self._question)
        if frame:
            self._end(frame)

    def lost(self, transport: asyncio.BaseTransport | None) -> None:
        """Note that the connection in use ended from the other side."""
        if transport is self._transport:
            self._transport = None
            self._end(b"")

    def _end(self, frame: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(frame)

    def _lost(self, trouble: str) -> NoLine:
        gone = self._patience.failed(_now(), trouble)
        gone.sent, gone.received = self._sent, self._received
        return gone

    def _no_answer(self, question: Question) -> NoAnswer | BadAnswer:
        if len(self._received) > HEADER_SIZE:
            return self._not_taken(question)
        if self._transport is None:
            return self._lost("the connection was closed from the other side")
        self._silent += 1
        if self._silent >= SILENT_TIMES:
            # A peer that lost power never says so; only a new connection finds out.
            self.close()
        return NoAnswer("no answer in time", sent=self._sent, received=self._received)

    def _not_taken(self, question: Question) -> BadAnswer:
        """Say what came that was not the answer."""
        unit, transaction = self._received[6], self._received[:2]
        other: int | None = None
        if transaction != self._sent[:2]:
            text, fault = "the answer to another question came", Fault.TRANSACTION
        elif unit != question.unit:
            text, fault = f"WRONG UNIT: {unit} answered for {question.unit}", Fault.UNIT
            other = unit
        elif self._received[7] & 0x7F != question.function:
            text, fault = f"function {self._received[7]} answered", Fault.FUNCTION
        else:
            text, fault = "the answer has the wrong length", Fault.LENGTH
        return BadAnswer(
            text, fault=fault, other_unit=other, sent=self._sent, received=self._received
        )


class _Ear(asyncio.Protocol):
    """Listens to one connection, and tells whose bytes they are."""

    def __init__(self, wire: TcpWire) -> None:
        self._wire = wire
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._wire.heard(self._transport, data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._wire.lost(self._transport)


def framed(question: Question, number: int) -> bytes:
    """Print the frame of a question."""
    pdu = request_pdu(question)
    size = len(pdu) + 1
    return b"%c%c\0\0%c%c%c%b" % (
        number >> 8,
        number & 255,
        size >> 8,
        size & 255,
        question.unit,
        pdu,
    )


def find_frame(received: bytes, sent: bytes, question: Question) -> bytes:
    """Give the frame of the answer: its transaction, its unit, its form; empty where none came."""
    while len(received) > HEADER_SIZE:
        size = int.from_bytes(received[4:6], "big") + HEADER_SIZE - 1
        frame, received = received[:size], received[size:]
        if len(frame) < size or size <= HEADER_SIZE:
            break
        ours = frame[:4] == sent[:4] and frame[6] == sent[6]
        if ours and question.fits(frame[HEADER_SIZE:]):
            return frame
    return b""


def _now() -> float:
    return asyncio.get_running_loop().time()
