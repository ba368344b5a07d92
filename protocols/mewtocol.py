"""MEWTOCOL of Panasonic PLCs: registers as hex text. Pure.

    ask      %01#RDD0152101525  check  CR     station, first and last data register
    answer   %01$RD  4 hex digits per register, low byte first  check  CR
    refusal  %01!  two digits  check  CR
    check    XOR of all characters before it, two hex digits; ** switches it off

Instruments built on such a PLC put decimal digits in their registers' text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.checksums import check_sum, checked
from protocols.frame_shapes import AnswerFault, Denied, TextShape

CR = b"\r"
_HEAD = 6
_TAIL = 3
_OFF = b"**"


def ask(station: int, first: int, last: int, *, checks: bool = True, feed: bool = False) -> bytes:
    """Print the question for data registers first..last; `feed` puts a LF behind it."""
    body = b"%%%02d#RDD%05d%05d" % (station, first, last)
    tail = check_sum(body, "xor-hex") if checks else _OFF
    return body + tail + CR + (b"\n" if feed else b"")


@dataclass(frozen=True, slots=True)
class MewtocolShape:
    """Knows the answer of one station to a read of so many registers.

    `checks` refuses an answer whose check is switched off; one with a wrong check always is.
    """

    station: int
    count: int
    checks: bool = True

    @property
    def size(self) -> int:
        """Bytes the answer takes."""
        return _HEAD + 4 * self.count + _TAIL

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there."""
        for shape in (self._answer, self._refusal):
            frame = shape.find(buffer, final=final)
            if frame and self._right(frame):
                return frame
        return None

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        if self._answer.find(buffer, final=True):
            return AnswerFault("checksum", "wrong check characters")
        other = re.search(rb"%(\d\d)[$!]", buffer)
        if other and int(other[1]) != self.station:
            text = f"WRONG UNIT: {int(other[1])} answered for {self.station}"
            return AnswerFault("unit", text, unit=int(other[1]))
        return self._answer.fault(buffer)

    @property
    def _answer(self) -> TextShape:
        body = re.compile(rb"%%\d\d\$RD[0-9A-Fa-f]{%d}(?:[0-9A-Fa-f]{2}|\*\*)" % (4 * self.count))
        return TextShape((b"%%%02d$RD" % self.station,), ends=CR, pattern=body)

    @property
    def _refusal(self) -> TextShape:
        body = re.compile(rb"%\d\d![0-9A-Fa-f]{2}(?:[0-9A-Fa-f]{2}|\*\*)")
        return TextShape((b"%%%02d!" % self.station,), ends=CR, pattern=body)

    def _right(self, frame: bytes) -> bool:
        body = frame[: -len(CR)]
        return checked(body, "xor-hex") or (body.endswith(_OFF) and not self.checks)


def answer_text(frame: bytes) -> bytes:
    """Give the answer as it is, to be cut by character. Raises Denied on a refusal."""
    if frame[3:4] == b"!":
        raise Denied(f"error {frame[4:6].decode('ascii')}", code=int(frame[4:6], 16))
    return frame


def register(frame: bytes, number: int, *, first: int) -> bytes:
    """Give the two bytes of one register, low one first; empty where it was not asked."""
    at = _HEAD + 4 * (number - first)
    digits = frame[at : at + 4]
    inside = number >= first and at + 4 <= len(frame) - _TAIL
    return bytes.fromhex(digits.decode("ascii")) if inside else b""
