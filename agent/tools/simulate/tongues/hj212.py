"""HJ 212 of an analyzer on a serial line: 2011 pushed unasked, a vendor's questions answered."""

from __future__ import annotations

import datetime
import re

from agent.tools.simulate.tongues.tongue import Request, Tongue, plain
from drivers.profile_dialogue import Question

PUSH_S = 2.0
PUSHED_CN = "2011"
_ZONE = datetime.timezone(datetime.timedelta(hours=8))
_HEAD = re.compile(rb"##(\d{4})")
_CN = re.compile(rb"CN=(\d{4})")
_CRC = 4
_TAIL = b"\r\n"


class Hj212(Tongue):
    """An analyzer; its answers have their fields in the header, as its questions do."""

    checked = True

    push_s = PUSH_S

    def cut(self, heard: bytes) -> Request | None:
        """Find a frame with a right CRC that asks something."""
        for found in _HEAD.finditer(heard):
            body = heard[found.end() : found.end() + int(found[1])]
            end = found.end() + len(body) + _CRC
            right = len(body) == int(found[1]) and heard[end - _CRC : end] == _crc(body)
            if right and heard.startswith(_TAIL, end):
                return Request(end + len(_TAIL), body)
        return None

    def answer(self, asks: bytes) -> bytes | None:
        """Give the fields of the question with this CN; none of ours, no answer."""
        cn = _CN.search(asks)
        question = self._question(cn[1].decode("ascii")) if cn else None
        if question is None or cn is None:
            return None
        fields = "".join(f"{name}={text};" for name, text in self._fields(question).items())
        return _frame(f"ST=32;CN={cn[1].decode('ascii')};PW=123456;MN=00000000000001;{fields}"
                      f"CP=&&DataTime={self._now}&&")  # fmt: skip

    def broken(self, answer: bytes) -> bytes:
        """Give another CRC."""
        digit = b"0" if answer[-3:-2] != b"0" else b"1"
        return answer[:-3] + digit + answer[-2:]

    def pushed(self) -> bytes:
        """Give the result as it is pushed."""
        question = next((one for one in self.speaker.profile.questions if not one.send), None)
        if question is None:
            return b""
        items: dict[str, list[str]] = {}
        for name, text in self._fields(question).items():
            items.setdefault(name.partition("-")[0], []).append(f"{name}={text}")
        told = ";".join(",".join(pairs) for pairs in items.values())
        return _frame(f"ST=32;CN={PUSHED_CN};PW=123456;MN=00000000000001;"
                      f"CP=&&DataTime={self._now};{told}&&")  # fmt: skip

    def _question(self, cn: str) -> Question | None:
        questions = self.speaker.profile.questions
        return next((one for one in questions if f"CN={cn}" in one.send), None)

    def _fields(self, question: Question) -> dict[str, str]:
        spoken = self.speaker.speak(question)
        return {
            str(at): told if isinstance(told, str) else plain(float(told))
            for at, told in spoken.items()
        }

    @property
    def _now(self) -> str:
        now = datetime.datetime.fromtimestamp(self.speaker.clock.now(), _ZONE)
        return now.strftime("%Y%m%d%H%M%S")


def _frame(body: str) -> bytes:
    data = body.encode("ascii")
    return b"##%04d%b%b\r\n" % (len(data), data, _crc(data))


def _crc(data: bytes) -> bytes:
    """Compute the CRC of HJ 212 (appendix A): high byte first within the register."""
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return b"%04X" % register
