"""DL/T 645-2007, the bus of energy meters: binary frames that name meter and quantity. Pure.

FE FE FE FE   wakes the receiver up; any number of them, or none
68  A0..A5  68  C  L  DATA  CS  16

A      the meter's number, 12 decimal digits, two per byte, last ones first
C      11 read; answer 91, B1 when more follows; refusal D1 with one byte
DATA   each byte + 33: the data identifier, low byte first, then the value, low byte first
CS     sum of all from the first 68, modulo 256
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protocols.checksums import check_sum
from protocols.frame_shapes import AnswerFault, Denied

WAKE = b"\xfe\xfe\xfe\xfe"
START = 0x68
END = 0x16
READ = 0x11
ANSWER = 0x91
REFUSAL = 0xD1
_SHIFT = 0x33
_HEAD = 10
_TAIL = 2


def ask(meter: str, identifier: str) -> bytes:
    """Print the question for one quantity; both in digits, high ones first."""
    body = bytes((START, *_address(meter), START, READ, 4))
    body += bytes(byte + _SHIFT & 0xFF for byte in reversed(bytes.fromhex(identifier)))
    return WAKE + body + check_sum(body, "sum8") + bytes((END,))


@dataclass(frozen=True, slots=True)
class Dlt645Shape:
    """Knows the answer of one meter about one quantity of so many bytes (None: any)."""

    meter: str
    identifier: str
    size: int = 24

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there."""
        for frame in _frames(buffer):
            if frame is None:
                if not final:
                    return None
            elif self._ours(frame):
                return frame
        return None

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        whole = [frame for frame in _frames(buffer) if frame]
        if whole and whole[0][1:7] != bytes(_address(self.meter)):
            return AnswerFault("unit", "WRONG UNIT: another meter answered")
        if whole:
            return AnswerFault("content", "the meter answered about something else")
        if START in buffer:
            return AnswerFault("checksum", "no frame with a right check sum")
        return AnswerFault("garbage", "no frame in what came")

    def _ours(self, frame: bytes) -> bool:
        if frame[1:7] != bytes(_address(self.meter)):
            return False
        if frame[8] == REFUSAL:
            return frame[9] == 1
        return frame[8] == ANSWER and _data(frame)[:4] == bytes.fromhex(self.identifier)[::-1]


def value_bytes(frame: bytes) -> bytes:
    """Give the bytes of the value, low byte first. Raises Denied on a refusal."""
    data = _data(frame)
    if frame[8] == REFUSAL:
        raise Denied(f"the meter refuses: {data[0]:02X}", code=data[0])
    return data[4:]


def _address(meter: str) -> bytes:
    return bytes.fromhex(meter.zfill(12))[::-1]


def _data(frame: bytes) -> bytes:
    return bytes(byte - _SHIFT & 0xFF for byte in frame[_HEAD:-_TAIL])


def _frames(buffer: bytes) -> Iterator[bytes | None]:
    """Give every right frame; None where one may still be on its way."""
    for at in range(len(buffer)):
        if buffer[at] != START:
            continue
        rest = buffer[at:]
        if len(rest) > 7 and rest[7] != START:
            continue
        size = _HEAD + rest[9] + _TAIL if len(rest) >= _HEAD else _HEAD + _TAIL
        frame = rest[:size]
        if len(frame) < size:
            yield None
        elif frame[-1] == END and check_sum(frame[:-2], "sum8") == frame[-2:-1]:
            yield frame
