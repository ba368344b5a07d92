"""DCON analogue input modules. Words: `send` is `#`, or `#check` with check sum; `at` a channel."""

from __future__ import annotations

from drivers.language import Item, Language
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import dcon

WITH_CHECK = "#check"


class Dcon(Language):
    """The module at `address`."""

    @property
    def checked(self) -> bool:  # type: ignore[override]  # only the profile's words tell
        """Whether every question wants a check sum."""
        return all(question.send == WITH_CHECK for question in self.profile.questions)

    def ask(self, question: Question) -> FrameQuestion:
        """Print the question for all channels."""
        checks = question.send == WITH_CHECK
        most = max((int(value.at) for value in self.profile.values), default=0)
        shape = dcon.DconShape(self.address, most + 1, checks)
        request = dcon.ask(self.address, checks=checks)
        return FrameQuestion(self.address, request, shape, f"dcon {checks}")

    def denied(self, frame: bytes) -> None:
        """Raise Denied when the answer says so."""
        dcon.channels(frame)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give the number of a channel."""
        numbers = dcon.channels(frame)
        return numbers[int(item.at)] if int(item.at) < len(numbers) else None
