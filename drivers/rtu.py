"""Modbus RTU frames, pure: unit, PDU, CRC low byte first; and the search for the right answer.

RTU has no transaction number and no start mark. What makes a run of bytes the answer is: unit,
function, byte count or the repeated address, and CRC, at whatever offset.
Source: MODBUS over serial line specification V1.02, 2.5.1 and 6.2
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.device import Fault
from drivers.question import READS, WRITE_COIL, WRITE_COILS, WRITE_MANY, WRITE_ONE, Question
from protocols.checksums import crc16

EXCEPTION = 0x80
EXCEPTION_SIZE = 5
MAX_FRAME = 256


def frame(unit: int, pdu: bytes) -> bytes:
    """Wrap a PDU for the line."""
    body = bytes((unit,)) + pdu
    return body + crc16(body).to_bytes(2, "little")


def whole(data: bytes) -> bool:
    """Tell whether the CRC at the end of these bytes is right."""
    return len(data) > 3 and crc16(data[:-2]) == int.from_bytes(data[-2:], "little")


@dataclass(frozen=True, slots=True)
class Stranger:
    """Bytes that are not the answer. `unit` is set when another unit spoke."""

    fault: Fault
    text: str
    unit: int | None = None


def find_answer(buffer: bytes, question: Question, *, final: bool = False) -> bytes | None:
    """Give the PDU of the answer, at any offset, or None while it is not there.

    An exception is an answer. A frame that fits so far and is not complete is waited for; `final`
    says that nothing more will come, and then what stands behind it counts too.
    """
    head = bytes((question.unit,)) + question.answer_head
    refusal = bytes((question.unit, question.function | EXCEPTION))
    for offset in range(len(buffer)):
        for start, size in ((head, question.answer_size + 3), (refusal, EXCEPTION_SIZE)):
            part = buffer[offset : offset + size]
            if not (part.startswith(start) or start.startswith(part)):
                continue
            if len(part) == size and whole(part):
                return part[1:-2]
            if len(part) < size and not final:
                return None
    return None


def find_stranger(buffer: bytes, question: Question, *, final: bool = False) -> Stranger | None:
    """Say what came instead of the answer; None while it may still become one.

    While bytes may still come, only a whole frame at the very start is judged.
    """
    for offset in range(len(buffer) if final else min(1, len(buffer))):
        size = _size(buffer[offset:])
        part = buffer[offset : offset + size]
        if size and len(part) == size and whole(part):
            return stranger_of(part[0], part[1:-2], question)
    if not final or not buffer:
        return None
    at = buffer.find(bytes((question.unit, question.function)))
    if at >= 0 and len(buffer) - at >= question.answer_size + 3:
        return Stranger(Fault.CHECKSUM, "wrong CRC")
    if at >= 0:
        return Stranger(Fault.LENGTH, "the answer is cut short")
    return Stranger(Fault.GARBAGE, "no frame in what came")


def _size(data: bytes) -> int:
    """Tell the length of the answer frame that starts here; 0 where none does."""
    if len(data) < 3:
        return 0
    function = data[1]
    if function & EXCEPTION:
        return EXCEPTION_SIZE
    if function in READS:
        return data[2] + 5
    return 8 if function in (WRITE_COIL, WRITE_ONE, WRITE_COILS, WRITE_MANY) else 0


def stranger_of(unit: int, pdu: bytes, question: Question) -> Stranger:
    """Say what a right frame is that is not the answer."""
    if unit != question.unit:
        text = f"WRONG UNIT: {unit} answered for {question.unit}"
        return Stranger(Fault.UNIT, text, unit=unit)
    if pdu[0] & ~EXCEPTION != question.function:
        return Stranger(
            Fault.FUNCTION, f"function {pdu[0]} answered, {question.function} was asked"
        )
    if question.reads:
        text = f"{pdu[1]} data bytes came, {question.data_size} were asked for"
        return Stranger(Fault.LENGTH, text)
    return Stranger(Fault.CONTENT, "another write was confirmed")
