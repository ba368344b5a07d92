"""ISCO samplers. Words: `send` is a command without its sum (`STS,1`), `at` an identifier."""

from __future__ import annotations

from drivers.language import Item, Language
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import isco


class Isco(Language):
    """A sampler; every command is answered with its status."""

    def ask(self, question: Question) -> FrameQuestion:
        """Print a command with its sum."""
        return self._question(question.send, reads=True)

    def order(self, text: str) -> FrameQuestion:
        """Print a command that makes the sampler do something."""
        return self._question(text, reads=False)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give the value of an identifier as text."""
        return isco.fields(frame).get(str(item.at))

    def denied(self, frame: bytes) -> None:
        """Raise Denied when the status in the answer is a no."""
        if refusal := isco.refusal(frame):
            raise refusal

    def _question(self, text: str, *, reads: bool) -> FrameQuestion:
        return FrameQuestion(self.address, isco.ask(text), isco.IscoShape(), "isco", reads)
