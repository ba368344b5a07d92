"""The Q1 question of Megatec UPS: mains, battery, load. Pure.

    ask      Q1 CR
    answer   (  seven numbers, eight bits, parted by blanks  CR      widths differ between makers
    bits     mains lost, battery low, bypass, failed, standby type, test, shutdown active, beeper

There is no check sum. A UPS that does not know a command gives it back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.frame_shapes import AnswerFault, TextShape

ASK = b"Q1\r"
_PATTERN = re.compile(rb"\((?:(?:\d+(?:\.\d+)?|[-.]+) +){7}[01]{8}")
_TEXT = TextShape((b"(",), ends=b"\r", pattern=_PATTERN)


@dataclass(frozen=True, slots=True)
class MegatecShape:
    """Knows the answer to Q1."""

    size: int = 47

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, or None while it is not there."""
        return _TEXT.find(buffer, final=final)

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        if ASK in buffer:
            return AnswerFault("content", "the question came back")
        return _TEXT.fault(buffer)


def fields(frame: bytes) -> list[bytes]:
    """Give the seven numbers, and the bits as a number in decimal digits; first bit highest."""
    *numbers, bits = frame.strip(b"(\r").split()
    return [*numbers, b"%d" % int(bits, 2)]
