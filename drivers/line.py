"""What a bus needs of a wire, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivers.device import NoAnswer
from drivers.question import FrameQuestion, Question

Record = Callable[[str, bytes], None]
"""Gets every frame: ">" sent or "<" received, and its bytes."""


class NoLine(NoAnswer):
    """The port or the endpoint itself is not there. Says nothing of the units behind it."""


class Wire(Protocol):
    """A serial port or a TCP connection. Opens itself when asked, and again after it was lost."""

    @property
    def echo(self) -> bool | None:
        """Whether the line gives our own bytes back; None while that is not known."""

    @property
    def busy_at(self) -> float:
        """When the last byte passed, either way, in seconds of the event loop."""

    @property
    def silence_s(self) -> float:
        """The silence between two frames that the line itself asks for."""

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        """Send one question and give the registers or bits that came; nothing for a write.

        Raises NoLine, NoAnswer, BadAnswer or Refused.
        """

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        """Send one question of another protocol than Modbus and give the frame that answers it.

        Raises NoLine, NoAnswer or BadAnswer.
        """

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        """Open the line and give every byte that comes to `overhear`. Raises NoLine."""

    def close(self) -> None:
        """Give the port or the connection up."""


class Patience:
    """Growing delay between two tries to open a line. Times are those of the event loop."""

    def __init__(self, longest_s: float, first_s: float = 0.5) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._delay_s = 0.0
        self._next_at = 0.0
        self.trouble = ""

    def check(self, now: float) -> None:
        """Raise NoLine while it is too early for the next try."""
        if now < self._next_at:
            wait_ms = (self._next_at - now) * 1000
            raise NoLine(f"{self.trouble}; next try in {wait_ms:.0f} ms")

    def failed(self, now: float, trouble: str) -> NoLine:
        """Note a failed try or a lost line; gives the error to raise."""
        self._delay_s = min(max(self._delay_s * 2, self._first_s), self._longest_s)
        self._next_at = now + self._delay_s
        self.trouble = trouble
        return NoLine(trouble)

    def worked(self) -> None:
        """Note that an answer came."""
        self._delay_s = self._next_at = 0.0
        self.trouble = ""
