"""Siemens ULTRAMAT 23 over ELAN.

Words: `send` is a letter and a byte (`k 02`), `at` a component's number, `status` or `state`. An
address of 16 and above is the address byte itself, below it is the channel, with component 1.
"""

from __future__ import annotations

import re

from drivers.language import Item, Language
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import elan

_WORDS = re.compile(r"([A-Za-z]) ?([0-9A-Fa-f]{2})")


class Elan(Language):
    """One channel of the analyzer."""

    def ask(self, question: Question) -> FrameQuestion:
        """Print a command."""
        shape = self._shape(question)
        key = f"elan {shape.address:02X} {shape.command.hex()}"
        return FrameQuestion(self.address, elan.ask(shape.command, shape.address), shape, key)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give the number of a component as text, or one byte of status or state."""
        return elan.fields(self._shape(question), frame).get(str(item.at))

    def _shape(self, question: Question) -> elan.ElanShape:
        words = _WORDS.fullmatch(question.send)
        if words is None:
            raise ValueError(f"{question.send!r}: a letter and a byte are wanted, as in k 02")
        command = words[1].encode("ascii") + bytes.fromhex(words[2])
        address = self.address if self.address > 0x0F else self.address << 4 | 1
        return elan.ElanShape(command, address)
