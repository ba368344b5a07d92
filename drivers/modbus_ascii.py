"""Modbus ASCII frames, pure: a colon, unit and PDU as hex digits, LRC, CR LF.

The colon is a start mark, but the LRC is a sum of eight bits: two flipped bits can pass it. Where
there is a choice, RTU is the better one.
Source: MODBUS over serial line specification V1.02, 2.5.2
"""

from __future__ import annotations

import re

from drivers.device import Fault
from drivers.question import Question
from drivers.rtu import Stranger, stranger_of

_FRAME = re.compile(rb":((?:[0-9A-Fa-f]{2})+)\r\n")


def frame(unit: int, pdu: bytes) -> bytes:
    """Wrap a PDU for the line."""
    body = bytes((unit,)) + pdu
    return b":%b%02X\r\n" % (body.hex().upper().encode("ascii"), _lrc(body))


def find_answer(buffer: bytes, question: Question, *, final: bool = False) -> bytes | None:
    """Give the PDU of the answer, at any offset, or None while it is not there."""
    for body in _bodies(buffer):
        if body[0] == question.unit and question.fits(body[1:]):
            return body[1:]
    return None


def find_stranger(buffer: bytes, question: Question, *, final: bool = False) -> Stranger | None:
    """Say what came instead of the answer; None while it may still become one.

    While bytes may still come, only a whole frame at the very start is judged.
    """
    for match in _FRAME.finditer(buffer):
        body = _body(match)
        if body and (final or match.start() == 0):
            return stranger_of(body[0], body[1:], question)
    if not final or not buffer:
        return None
    if _FRAME.search(buffer):
        return Stranger(Fault.CHECKSUM, "wrong LRC")
    if b":" in buffer:
        return Stranger(Fault.LENGTH, "the answer is cut short")
    return Stranger(Fault.GARBAGE, "no frame in what came")


def size(question: Question) -> int:
    """Count the characters of the answer."""
    return 2 * (question.answer_size + 2) + 3


def _bodies(buffer: bytes) -> list[bytes]:
    return [body for match in _FRAME.finditer(buffer) if (body := _body(match))]


def _body(match: re.Match[bytes]) -> bytes:
    """Give unit and PDU of a frame whose LRC is right; empty otherwise."""
    data = bytes.fromhex(match[1].decode("ascii"))
    return data[:-1] if len(data) > 2 and sum(data) & 0xFF == 0 else b""


def _lrc(data: bytes) -> int:
    return -sum(data) & 0xFF
