"""HJ 212 between an analyzer and a logger: frames on a serial line. Pure.

As over a network, but: analyzers exist whose length field counts the CR LF too (both are tried),
PW, MN and ST are dummies, nothing is acknowledged, and a vendor's questions have their fields in
the header (`AL=;CP=&&DataTime=&&`).
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.frame_shapes import AnswerFault
from protocols.hj212.cp import parse_cp
from protocols.hj212.crc import crc16
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.segment import Segment, parse_segment

_HEAD = b"##"
_BODY_AT = 6
_CRC = 4
_TAIL = 2
_LEAST = len("CN=0000")


@dataclass(frozen=True, slots=True)
class Hj212Shape:
    """Knows the answer that has this CN; '' takes any."""

    cn: str
    size: int = 120

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the data segment of the answer, or None while it is not there."""
        return next((body for body in segments(buffer) if self.ours(body)), None)

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        if any(True for _ in segments(buffer)):
            return AnswerFault("content", "another message came")
        if _HEAD not in buffer:
            return AnswerFault("garbage", "no frame in what came")
        return AnswerFault("checksum", "no frame with a right CRC")

    def ours(self, body: bytes) -> bool:
        """Tell whether a data segment has this CN."""
        try:
            segment, _ = parse_segment(body)
        except PeerFrameError:
            return False
        return not self.cn or segment.cn == self.cn


def segments(buffer: bytes) -> list[bytes]:
    """Give the data segment of every right frame among these bytes, in their order."""
    found, at = [], buffer.find(_HEAD)
    while at >= 0:
        body = _body(buffer[at:])
        if body is not None:
            found.append(body)
            at += len(body) + _BODY_AT
        at = buffer.find(_HEAD, at + 1)
    return found


def fields(segment: Segment) -> dict[str, bytes]:
    """Give every field of the data area, and those a vendor put into the header, as text."""
    pairs = [*segment.other, *(pair for item in parse_cp(segment.cp) for pair in item)]
    return {name: text.encode("utf-8") for name, text in pairs}


def _body(frame: bytes) -> bytes | None:
    digits = frame[2:_BODY_AT]
    if len(digits) < 4 or not digits.isdigit():
        return None
    for size in (int(digits), int(digits) - _TAIL):
        body, told = frame[_BODY_AT : _BODY_AT + size], frame[_BODY_AT + size :][:_CRC]
        if size >= _LEAST and len(told) == _CRC and told.upper() == b"%04X" % crc16(body):
            return body
    return None
