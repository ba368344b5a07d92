"""C-Link of the Thermo i-series: text questions, answers that repeat the question. Pure.

    ask      0x80 + instrument id (none for id 0), command, CR
    answer   command, space, value, CR                        reply format 0
             command, space, value, LF, "sum ", 4 hex, CR     reply format 1, sum of all before
    refusal  command, space, "bad cmd", CR

An answer does not name the instrument. Whether the LF enters the sum is not certain: both pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.checksums import check_sum
from protocols.frame_shapes import AnswerFault, Denied, TextShape

CR = b"\r"
PREFIX = 0x80
_BAD = b"bad cmd"
_SUM = re.compile(rb"(.*)\nsum ([0-9A-Fa-f]{4})\r", re.DOTALL)


def ask(command: str, *, prefix: int | None) -> bytes:
    """Print a question; `prefix` is the instrument's own byte, None for instrument id 0."""
    head = b"" if prefix is None else bytes((prefix,))
    return head + command.encode("ascii") + CR


@dataclass(frozen=True, slots=True)
class CLinkShape:
    """Knows the answer to one command; `summed` wants the sum of reply format 1."""

    command: str
    summed: bool = False
    size: int = 40

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there."""
        frame = self._text.find(buffer, final=final)
        return frame if frame and self._right(frame) else None

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        frame = self._text.find(buffer, final=True)
        if frame:
            return AnswerFault("checksum", "wrong sum, or none")
        return self._text.fault(buffer)

    @property
    def _text(self) -> TextShape:
        head = self.command.encode("ascii") + b" "
        # Not with the command in it once more: that is one answer cut and another behind it.
        body = rb"(?i:%b)(?:(?!(?i:%b))[\n\x20-\x7e])+" % (re.escape(head), re.escape(head))
        return TextShape((head, head.upper()), ends=CR, pattern=re.compile(body))

    def _right(self, frame: bytes) -> bool:
        summed = _SUM.fullmatch(frame)
        if summed is None:
            return not self.summed and b"\n" not in frame
        sums = {check_sum(body, "sum16-hex") for body in (summed[1], summed[1] + b"\n")}
        return summed[2].upper() in sums


def said(command: str, frame: bytes) -> bytes:
    """Give what stands behind the repeated command, without sum. Raises Denied on a refusal."""
    text = frame.rstrip(CR).partition(b"\n")[0].strip()
    if text.lower().endswith(_BAD):
        raise Denied(text.decode("ascii"))
    return text[len(command) :].strip()
