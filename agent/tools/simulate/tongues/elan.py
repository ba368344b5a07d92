"""ELAN of the Siemens ULTRAMAT 23: frames between DLE marks, 0x10 doubled within.

heard     10 01  address  D0  letter  byte  10 03  CRC low  CRC high
answered  10 06  10 01  D0  address  status  state  letter  byte  values  10 03  CRC
"""

from __future__ import annotations

import re

from agent.tools.simulate.rtu_frames import crc
from agent.tools.simulate.tongues.tongue import Request, Tongue, plain

_DLE = b"\x10"
_MASTER = b"\xd0"
_REQUEST = re.compile(rb"\x10\x01(.+?)\xd0(.{2,3}?)\x10\x03(..)", re.DOTALL)
_HIGHEST_CHANNEL = 0x0F


class Elan(Tongue):
    """One channel of the analyzer. Each command of the profile is a letter and a byte."""

    checked = True

    def cut(self, heard: bytes) -> Request | None:
        """Find a command to its channel with a right CRC."""
        for found in _REQUEST.finditer(heard):
            right = crc(found[0][:-2]) == int.from_bytes(found[3], "little")
            if right and _single(found[1]) == bytes((self._address,)):
                return Request(found.end(), _single(found[2]))
        return None

    def answer(self, asks: bytes) -> bytes | None:
        """Give state and components."""
        command = f"{asks[:1].decode('latin-1')} {asks[1:2].hex().upper()}"
        question = self.speaker.question(command)
        if question is None:
            return None
        spoken = self.speaker.speak(question)
        status, state = (spoken.pop(place, 0) for place in ("status", "state"))
        values = b"".join(
            plain(float(number), 3).encode("ascii") + bytes((0, 1, 2, int(component), 0))
            for component, number in spoken.items()
        )
        return self._frame(bytes((int(status), int(state))) + asks + values)

    def foreign(self, asks: bytes) -> bytes:
        """Answer for another channel."""
        return self._frame(b"\x00\x04" + asks, self._address ^ 0x20)

    def broken(self, answer: bytes) -> bytes:
        """Turn a bit of the CRC."""
        return answer[:-1] + bytes((answer[-1] ^ 1,))

    @property
    def _address(self) -> int:
        address = self.speaker.address
        return address if address > _HIGHEST_CHANNEL else address << 4 | 1

    def _frame(self, body: bytes, address: int | None = None) -> bytes:
        here = bytes((self._address if address is None else address,))
        frame = b"\x10\x06\x10\x01" + _MASTER + _doubled(here + body) + b"\x10\x03"
        return frame + crc(frame).to_bytes(2, "little")


def _doubled(data: bytes) -> bytes:
    return data.replace(_DLE, _DLE + _DLE)


def _single(data: bytes) -> bytes:
    return data.replace(_DLE + _DLE, _DLE)
