"""UPS that know Q1. Words: `send` is `Q1`, `at` a field 0..6; 7 is the bits, the first highest."""

from __future__ import annotations

from drivers.language import Item, Language
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import megatec

_BITS = 7


class Megatec(Language):
    """A UPS; it has no address, the bus key is the site's."""

    checked = False

    def ask(self, question: Question) -> FrameQuestion:
        """Print Q1."""
        return FrameQuestion(self.address, megatec.ASK, megatec.MegatecShape(), "megatec")

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give a number as text, or the bits as one byte."""
        fields = megatec.fields(frame)
        at = int(item.at)
        if at == _BITS:
            return bytes((int(fields[at]),)) if item.type == "uint8" else fields[at]
        return fields[at] if at < _BITS else None
