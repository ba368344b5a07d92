"""ELAN of the Siemens ULTRAMAT 23: binary frames between DLE marks. Pure.

    ask      10 01  address  D0  command letter  command byte  10 03  CRC low  CRC high
    answer   10 06  10 01  D0  address  status bits  state  …  command  values  10 03  CRC
    values   digits, 00, four bytes of which the third is the component; repeated

The address is (channel << 4) + component. A data byte 10 may be doubled, and is where it is the
address. The CRC (Modbus) covers all before it; whether the leading 10 06 of an answer counts is not
certain: both pass.
Source: one field logger's source; no manual at hand
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.checksums import check_sum
from protocols.frame_shapes import AnswerFault

DLE = 0x10
MASTER = 0xD0
_CRC = 2
_START = b"\x10\x06\x10\x01\xd0"
_END = b"\x10\x03"
_VALUE = re.compile(rb"[ ]*([+-]?\d+(?:\.\d*)?)[ ]*\x00(.{4})", re.DOTALL)
_COMPONENT = 2


def ask(command: bytes, address: int) -> bytes:
    """Print a question: a letter and a byte."""
    body = b"\x10\x01" + _stuffed(bytes((address, MASTER)) + command) + _END
    return body + check_sum(body, "crc16-low-first")


@dataclass(frozen=True, slots=True)
class ElanShape:
    """Knows the answer to one command at one address."""

    command: bytes
    address: int
    size: int = 120

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there."""
        at = buffer.find(self._head)
        while at >= 0:
            for end in _ends(buffer, at + len(self._head)):
                frame = buffer[at : end + len(_END) + _CRC]
                if _whole(frame) and self.command in _unstuffed(frame[len(self._head) :]):
                    return frame
            at = buffer.find(self._head, at + 1)
        return None

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        if self._head not in buffer:
            if _START in buffer:
                return AnswerFault("unit", "another channel or component answered")
            return AnswerFault("garbage", "no frame in what came")
        if _END not in buffer[buffer.find(self._head) :]:
            return AnswerFault("length", "the answer is cut short")
        return AnswerFault("checksum", "wrong CRC")

    @property
    def _head(self) -> bytes:
        return _START + _stuffed(bytes((self.address,)))


def fields(shape: ElanShape, frame: bytes) -> dict[str, bytes]:
    """Give `status` and `state`, one byte each, and each component's number as text."""
    head = len(_START) + (2 if shape.address == DLE else 1)
    data = _unstuffed(frame[head : -len(_END) - _CRC])
    said = {"status": data[:1], "state": data[1:2]}
    values = data[data.index(shape.command, 2) + len(shape.command) :]
    at = 0
    while match := _VALUE.match(values, at):
        said[str(match[2][_COMPONENT])] = match[1]
        at = match.end()
    return said


def _whole(frame: bytes) -> bool:
    body, told = frame[:-_CRC], frame[-_CRC:]
    return told in {check_sum(part, "crc16-low-first") for part in (body, body[2:])}


def _ends(buffer: bytes, start: int) -> list[int]:
    """Give every place where the frame may end and its CRC is there too."""
    last = len(buffer) - len(_END) - _CRC
    return [at for at in range(start, last + 1) if buffer[at : at + 2] == _END]


def _stuffed(data: bytes) -> bytes:
    return data.replace(b"\x10", b"\x10\x10")


def _unstuffed(data: bytes) -> bytes:
    return data.replace(b"\x10\x10", b"\x10")
