"""Instruments on a Panasonic PLC over MEWTOCOL.

Words: `send` names registers, `D01521-01525`; with `**` behind, the check characters are switched
off, a line feed behind that is sent too. `at` is a character of the whole answer (a number, with
`length`) or a register (`D1521`). Characters are hex digits: `00012E03` looks like a number with an
exponent and `0000036A` like one with a unit, and neither is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivers.language import Item, Language
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import mewtocol

_DIGITS = re.compile(rb" *[+-]? *\d+(?:\.\d*)? *")
_WORDS = re.compile(r"D(\d{1,5})-D?(\d{1,5})(\*\*)?(\n|\\n)?")


@dataclass(frozen=True, slots=True)
class _Registers:
    first: int
    last: int
    checks: bool
    feed: bool


class Mewtocol(Language):
    """The PLC whose station is `address`."""

    @property
    def checked(self) -> bool:  # type: ignore[override]  # only the profile's words tell
        """Whether every question leaves the check characters on."""
        return all(_registers(one.send).checks for one in self.profile.questions)

    def ask(self, question: Question) -> FrameQuestion:
        """Print a read of registers."""
        words = _registers(question.send)
        request = mewtocol.ask(
            self.address, words.first, words.last, checks=words.checks, feed=words.feed
        )
        count = words.last - words.first + 1
        shape = mewtocol.MewtocolShape(self.address, count, words.checks)
        return FrameQuestion(self.address, request, shape, f"mewtocol {self.address} {count}")

    def denied(self, frame: bytes) -> None:
        """Raise Denied when the answer says so."""
        mewtocol.answer_text(frame)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give characters of the answer, or the bytes of a register."""
        if isinstance(item.at, str) and item.at.startswith("D"):
            first = _registers(question.send).first
            return mewtocol.register(frame, int(item.at[1:]), first=first) or None
        start, length = int(item.at), item.length or 4
        part = frame[start : start + length]
        if len(part) != length or (item.type == "number" and not _DIGITS.fullmatch(part)):
            return None
        return part


def _registers(send: str) -> _Registers:
    words = _WORDS.fullmatch(send)
    if words is None or int(words[1]) > int(words[2]):
        raise ValueError(f"{send!r}: registers are wanted, as in D01521-01525")
    return _Registers(int(words[1]), int(words[2]), words[3] is None, words[4] is not None)
