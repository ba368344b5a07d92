"""DL/T 645-2007 of an energy meter: 68 number 68 control length data+33 sum 16."""

from __future__ import annotations

import re

from agent.tools.simulate.tongues.tongue import Request, Tongue

_READ, _ANSWER, _DENIED = 0x11, 0x91, 0xD1
_NO_SUCH_DATA = 0x02
_SHIFT = 0x33
_REQUEST = re.compile(rb"\x68(.{6})\x68\x11\x04(.{4})(.)\x16", re.DOTALL)
_DIGITS = re.compile(r"[0-9]{1,12}")


class Dlt645(Tongue):
    """A meter under the twelve digits of its plate."""

    checked = True
    says_no = True

    def cut(self, heard: bytes) -> Request | None:
        """Find a read of this meter with a right sum."""
        for found in _REQUEST.finditer(heard):
            if found[1] == self._number and sum(found[0][:-2]) & 0xFF == found[3][0]:
                return Request(found.end(), bytes(byte - _SHIFT & 0xFF for byte in found[2]))
        return None

    def answer(self, asks: bytes) -> bytes | None:
        """Give the quantity; a meter without it says so."""
        question = self.speaker.question(asks[::-1].hex().upper())
        if question is None:
            return self.refusal(asks)
        spoken = self.speaker.speak(question)
        data = bytearray()
        for value in self.speaker.values(question):
            length, start = value.length or 4, int(value.at)
            data.extend(bytes(max(0, start + length - len(data))))
            digits = f"{round(float(spoken[value.at])):0{2 * length}d}"
            data[start : start + length] = bytes.fromhex(digits)[::-1]
        return self._frame(_ANSWER, asks + bytes(data))

    def refusal(self, asks: bytes) -> bytes:
        """Say that there is no such data."""
        return self._frame(_DENIED, bytes((_NO_SUCH_DATA,)))

    def foreign(self, asks: bytes) -> bytes:
        """Answer for another meter."""
        other = bytes(((self._number[0] + 1) % 0x0A,)) + self._number[1:]
        return self._frame(_ANSWER, asks + bytes(4), number=other)

    def broken(self, answer: bytes) -> bytes:
        """Give another sum."""
        return answer[:-2] + bytes((answer[-2] ^ 1, answer[-1]))

    @property
    def _number(self) -> bytes:
        serial = self.speaker.device.serial
        digits = serial if _DIGITS.fullmatch(serial) else str(self.speaker.address)
        return bytes.fromhex(digits.zfill(12))[::-1]

    def _frame(self, control: int, data: bytes, *, number: bytes | None = None) -> bytes:
        body = b"\x68" + (number or self._number) + b"\x68" + bytes((control, len(data)))
        body += bytes(byte + _SHIFT & 0xFF for byte in data)
        return b"\xfe\xfe\xfe\xfe" + body + bytes((sum(body) & 0xFF, 0x16))
