"""What `decode` prints in place of a frame that it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from protocols.hj212.crc import crc16
from protocols.hj212.editions import Edition
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import Frame
from protocols.hj212.frame_parts import CRC_SIZE, MAX_SEGMENT, TAIL, shown
from protocols.hj212.strict import check_segment

Told = dict[str, Any]

_ERRORS = {"tail": "syntax", "segment": "syntax"}


def failure(error: str, expected: str, found: str) -> Told:
    """Give the object of an error; lengths are numbers where they are any."""

    def counted(text: str) -> str | int:
        return int(text) if error == "length" and text.isdecimal() and text.isascii() else text

    return {
        "ok": False,
        "error": error,
        "expected": counted(expected),
        "found": counted(found),
        "partial": {},
    }


def refusal(error: PeerFrameError) -> Told:
    """Give the object of what the reader refused."""
    expected, found = error.declared, error.found
    if error.kind == "crc":  # what the frame declares is what is wrong with it
        expected, found = f"{crc16(error.segment):04X}", error.declared
    return failure(_ERRORS.get(error.kind, error.kind), expected, found)


def strict_refusal(
    data: bytes, frame: Frame, warnings: Sequence[str], *, by: Edition, tail_known: bool
) -> Told | None:
    """Refuse a frame that was read with a liberty; None where it is to the letter."""
    liberties = [one for one in frame.warnings if tail_known or "tail" not in one]
    if liberties:
        return _framing(data)
    try:
        unnamed = check_segment(frame.segment, by)
    except PeerFrameError as error:
        return refusal(error)
    told = [
        one
        for one in warnings
        if one not in frame.warnings and not (unnamed and one.startswith("MN=''"))
    ]
    return failure("field", by.name, told[0]) if told else None


def _framing(data: bytes) -> Told:
    """Name the first liberty around a segment: its length, its CRC or its tail."""
    bare = data.rstrip(TAIL)
    size, crc = len(bare) - len(b"##0000") - CRC_SIZE, bare[-CRC_SIZE:]
    if int(data[2:6]) != size:
        return failure("length", str(size), data[2:6].decode())
    if size > MAX_SEGMENT:
        return failure("length", str(MAX_SEGMENT), str(size))
    if crc != crc.upper():
        return failure("crc", crc.upper().decode(), crc.decode())
    return failure("syntax", shown(TAIL), shown(data[len(bare) :]))
