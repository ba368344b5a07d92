"""Thermo i-series over C-Link. Words: `send` is a command, `at` is 0: what stands behind it."""

from __future__ import annotations

from drivers.language import Item, Language
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from protocols import clink


class CLink(Language):
    """The instrument with id `address`, 1 to 127; its prefix byte is 128 more."""

    checked = False

    def ask(self, question: Question) -> FrameQuestion:
        """Print a command."""
        return self._question(question.send, reads=True)

    def order(self, text: str) -> FrameQuestion:
        """Print a command that changes something."""
        return self._question(text, reads=False)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give what stands behind the repeated command."""
        return clink.said(question.send, frame)

    def denied(self, frame: bytes) -> None:
        """Raise Denied when the answer says so."""
        clink.said("", frame)

    def _question(self, command: str, *, reads: bool) -> FrameQuestion:
        request = clink.ask(command, prefix=clink.PREFIX + self.address % clink.PREFIX)
        shape = clink.CLinkShape(command)
        return FrameQuestion(self.address, request, shape, f"clink {command}", reads)
