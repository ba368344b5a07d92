"""Samplers with binary frames of a fixed length, without check sum. Pure.

    KeSheng       ask AA 42 BB                              answer CC DD AA 42 …, 40 bytes, BB
    Shijiazhuang  ask 23 23 03, ten FF, 38 23 26 26         answer ## … &&, 31 bytes

The only thing to check beyond mark and length is that the clock's six BCD bytes are a time.
Source: one field logger's source each; no manual at hand
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.frame_shapes import AnswerFault, TextShape
from protocols.parts import decode_part


@dataclass(frozen=True, slots=True)
class ClockedShape:
    """Knows an answer of fixed length by its marks and by the time at `clock_at`."""

    head: bytes
    tail: bytes
    size: int
    clock_at: int

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, or None while it is not there."""
        at = buffer.find(self.head)
        while at >= 0:
            frame = buffer[at : at + self.size]
            if len(frame) == self.size and frame.endswith(self.tail) and self._clocked(frame):
                return frame
            at = buffer.find(self.head, at + 1)
        return None

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        return TextShape((self.head,), ends=self.tail, length=self.size).fault(buffer)

    def _clocked(self, frame: bytes) -> bool:
        return decode_part(frame[self.clock_at : self.clock_at + 6], "bcd6") is not None


KESHENG = ClockedShape(b"\xcc\xdd\xaa\x42", b"\xbb", 40, 4)
SHIJIAZHUANG = ClockedShape(b"##", b"&&", 31, 8)
