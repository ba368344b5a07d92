"""External control of an ISCO sampler: identifiers and values, every command answered by status."""

from __future__ import annotations

import re

from agent.tools.simulate.tongues.tongue import CR, Request, Tongue, plain
from drivers.profile_dialogue import Value

_REQUEST = re.compile(rb"([A-Z][\x20-\x7e]*?,CS,)(\d+)\r")
_HOUR = 3600.0
_ZONE_S = 8 * _HOUR
_DAY_S = 24 * _HOUR
_DAY_OF_1970 = 25_569
_WAITING, _SAMPLING, _UNKNOWN, _BAD_BOTTLE = 1, 12, 20, 22
BOTTLES = 24


class Isco(Tongue):
    """A sampler with 24 bottles that samples when told, one at a time."""

    checked = True
    says_no = True

    def cut(self, heard: bytes) -> Request | None:
        """Find a command whose sum is right."""
        for found in _REQUEST.finditer(heard):
            if sum(found[1]) == int(found[2]):
                return Request(found.end(), found[1].removesuffix(b",CS,"))
        return None

    def answer(self, asks: bytes) -> bytes | None:
        """Obey, and give the status."""
        return self._status(self._taken(asks.decode("ascii")))

    def refusal(self, asks: bytes) -> bytes:
        """Say that the command is not valid."""
        return self._status(_UNKNOWN)

    def broken(self, answer: bytes) -> bytes:
        """Give another sum."""
        head, _, told = answer.rstrip(CR).rpartition(b",")
        return head + b",%d" % (int(told) + 1) + CR

    def _taken(self, text: str) -> int | None:
        """Give the status that says no to a command; None where it was taken."""
        if text == self.speaker.profile.questions[0].send:
            return None
        order = re.match(r"BTL,(\d+)", text)
        if order is not None:
            if not 1 <= int(order[1]) <= BOTTLES:
                return _BAD_BOTTLE
            if self._sampling:
                return None  # the state says that it was not taken
        return None if self.speaker.obey(text) else _UNKNOWN

    @property
    def _sampling(self) -> bool:
        return self.speaker.keeping.filling(self.speaker.clock.now())

    def _status(self, code: int | None) -> bytes:
        speaker = self.speaker
        question = speaker.profile.questions[0]
        spoken = speaker.speak(question)
        now = _SAMPLING if self._sampling else int(spoken.get("STS", _WAITING))
        parts: dict[str, str] = {"MO": "6712", "ID": "2424741493", "TI": _days(speaker.clock.now())}
        parts["STS"] = str(now if code is None else code)
        for value in speaker.values(question):
            parts[str(value.at)] = self._text(value, float(spoken[value.at]))
        body = ",".join(f"{name},{text}" for name, text in parts.items()).encode("ascii") + b",CS,"
        return body + b"%d" % sum(body) + CR

    def _text(self, value: Value, raw: float) -> str:
        record = self.speaker.profile.record
        if value.type != "days1900":
            return plain(raw)
        at = self.speaker.recorded_at()
        if record is not None and value.id == record.time:
            return "0.00000" if at is None else _days(at)
        return _days(raw)


def _days(at: float) -> str:
    """Print a time as local days since 1900, as spreadsheets count them."""
    return f"{(at + _ZONE_S) / _DAY_S + _DAY_OF_1970:.5f}"
