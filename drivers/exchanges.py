"""One request on a line of bytes, and how its answer is known among what comes.

Modbus in RTU frames, Modbus in ASCII frames, and frames of other protocols.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivers import modbus_ascii, rtu
from drivers.device import Fault
from drivers.modbus_wire import request_pdu
from drivers.question import WRITES_OF_ONE, FrameQuestion, Question
from drivers.rtu import Stranger


class Exchange(Protocol):
    """One request and how its answer is known."""

    request: bytes
    size: int
    """Bytes of the answer, for the time they take."""
    tells_echo: bool
    """Whether an answer cannot be the same bytes as the request."""
    idle_s: float | None
    """The silence that ends an answer of a protocol with neither length nor end."""

    def find(self, buffer: bytes, *, final: bool) -> bytes | None:
        """Give the answer, or None while it is not there."""

    def stranger(self, buffer: bytes, *, final: bool) -> Stranger | None:
        """Say what came instead; None while it may still become the answer."""


class RtuExchange:
    """A Modbus question in an RTU frame."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self.request = rtu.frame(question.unit, request_pdu(question))
        self.size = question.answer_size + 3
        self.tells_echo = question.function not in WRITES_OF_ONE
        self.idle_s: float | None = None

    def find(self, buffer: bytes, *, final: bool) -> bytes | None:
        """Give the PDU of the answer."""
        return rtu.find_answer(buffer, self._question, final=final)

    def stranger(self, buffer: bytes, *, final: bool) -> Stranger | None:
        """Say what came instead."""
        return rtu.find_stranger(buffer, self._question, final=final)


class AsciiExchange:
    """A Modbus question in an ASCII frame."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self.request = modbus_ascii.frame(question.unit, request_pdu(question))
        self.size = modbus_ascii.size(question)
        self.tells_echo = question.function not in WRITES_OF_ONE
        self.idle_s: float | None = None

    def find(self, buffer: bytes, *, final: bool) -> bytes | None:
        """Give the PDU of the answer."""
        return modbus_ascii.find_answer(buffer, self._question, final=final)

    def stranger(self, buffer: bytes, *, final: bool) -> Stranger | None:
        """Say what came instead."""
        return modbus_ascii.find_stranger(buffer, self._question, final=final)


class FrameExchange:
    """A question of another protocol."""

    def __init__(self, question: FrameQuestion) -> None:
        self._shape = question.shape
        self.request = question.request
        self.size = question.shape.size
        self.tells_echo = True
        self.idle_s = question.idle_s

    def find(self, buffer: bytes, *, final: bool) -> bytes | None:
        """Give the whole frame of the answer."""
        return self._shape.find(buffer, final=final)

    def stranger(self, buffer: bytes, *, final: bool) -> Stranger | None:
        """Say what came instead, once nothing more will come."""
        if not final or not buffer:
            return None
        fault = self._shape.fault(buffer)
        return Stranger(Fault(fault.kind), str(fault), unit=fault.unit)


MODBUS: dict[str, Callable[[Question], RtuExchange | AsciiExchange]] = {
    "rtu": RtuExchange,
    "ascii": AsciiExchange,
}
"""By the framing of the bus."""
