"""MEWTOCOL of a Panasonic PLC: `%01#RDD0152101525<check>CR`, answered with hex registers."""

from __future__ import annotations

import re
from functools import reduce
from operator import xor

from agent.tools.simulate.tongues.tongue import CR, Request, Tongue

_REQUEST = re.compile(rb"%(\d\d)#RDD(\d{5})(\d{5})([0-9A-F]{2}|\*\*)\r\n?")
_HEAD = 6
"""Characters before the first register: %01$RD."""
_OFF = b"**"
_NOT_SUPPORTED = b"42"


class Mewtocol(Tongue):
    """A PLC. Places are registers (`D601`) or characters of the whole answer."""

    checked = True
    says_no = True

    def cut(self, heard: bytes) -> Request | None:
        """Find a read to its station whose check is right, or switched off."""
        for found in _REQUEST.finditer(heard):
            body = found[0][: found.end(3) - found.start()]
            if int(found[1]) == self.speaker.address and found[4] in (_OFF, _check(body)):
                return Request(found.end(), found[0].rstrip(b"\r\n"))
        return None

    def answer(self, asks: bytes) -> bytes | None:
        """Give the registers asked for; those that nothing is known of are 0."""
        first, last, off = int(asks[7:12]), int(asks[12:17]), asks.endswith(_OFF)
        digits = bytearray(b"0" * 4 * (last - first + 1))
        for question in self.speaker.profile.questions:
            if question.send.startswith(f"D{first:05d}-{last:05d}"):
                spoken = self.speaker.speak(question)
                for value in self.speaker.values(question):
                    self._put(digits, value.at, value.length or 4, float(spoken[value.at]), first)
        return self._frame(b"$RD" + bytes(digits), off=off)

    def refusal(self, asks: bytes) -> bytes:
        """Say that this is not to be had."""
        return self._frame(b"!" + _NOT_SUPPORTED)

    def foreign(self, asks: bytes) -> bytes:
        """Answer for another station."""
        count = int(asks[12:17]) - int(asks[7:12]) + 1
        return self._frame(b"$RD" + b"0063" * count, station=self.speaker.address % 99 + 1)

    def broken(self, answer: bytes) -> bytes:
        """Give another check."""
        return answer[:-3] + b"%02X" % (int(answer[-3:-1], 16) ^ 1) + CR

    def _frame(self, body: bytes, *, station: int | None = None, off: bool = False) -> bytes:
        frame = b"%%%02d%b" % (self.speaker.address if station is None else station, body)
        return frame + (_OFF if off else _check(frame)) + CR

    @staticmethod
    def _put(digits: bytearray, at: int | str, length: int, number: float, first: int) -> None:
        if isinstance(at, str):
            start = 4 * (int(at[1:]) - first)
            digits[start : start + 4] = (
                round(number).to_bytes(2, "little").hex().upper().encode("ascii")
            )
            return
        start = at - _HEAD
        digits[start : start + length] = b"%0*d" % (length, round(number))


def _check(frame: bytes) -> bytes:
    return b"%02X" % reduce(xor, frame, 0)
