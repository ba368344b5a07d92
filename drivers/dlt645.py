"""Energy meters over DL/T 645-2007.

Words: `send` is a data identifier, eight hex digits with the highest byte first; `at` and `length`
count bytes of the value as it comes, low byte first. The meter is named by its `serial`
where that is a number, or else by its address.
"""

from __future__ import annotations

import re

from drivers.language import Item, Language, cut
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import dlt645

NUMBER = re.compile(r"[0-9]{1,12}")


class Dlt645(Language):
    """One meter."""

    @property
    def meter(self) -> str:
        """The meter's number, 12 digits."""
        serial = self.settings.serial
        return (serial if NUMBER.fullmatch(serial) else str(self.address)).zfill(12)

    def ask(self, question: Question) -> FrameQuestion:
        """Print the question for one quantity."""
        shape = dlt645.Dlt645Shape(self.meter, question.send)
        request = dlt645.ask(self.meter, question.send)
        return FrameQuestion(self.address, request, shape, f"dlt645 {self.meter} {question.send}")

    def denied(self, frame: bytes) -> None:
        """Raise Denied when the answer says so."""
        dlt645.value_bytes(frame)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give bytes of the value, high byte first."""
        part = cut(dlt645.value_bytes(frame), item)
        return None if part is None else part[::-1]
