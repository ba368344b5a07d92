"""What the lines need of an instrument's side of a protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from agent.tools.simulate.rtu_frames import close
from agent.tools.simulate.speaker import Speaker

CR = b"\r"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was cut from what was heard: where it ends, and what it asks."""

    end: int
    asks: bytes


class Tongue(ABC):
    """One instrument's side of its protocol. Does no I/O."""

    push_s: float | None = None
    """How often it speaks unasked, in seconds of the clock."""
    checked = False
    """Whether its answers have a check sum."""
    says_no = False
    """Whether its protocol has a word for a no."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker

    @abstractmethod
    def cut(self, heard: bytes) -> Request | None:
        """Find the first whole request to this instrument; None while there is none."""

    @abstractmethod
    def answer(self, asks: bytes) -> bytes | None:
        """Obey, and give the whole frame of the answer; None for silence."""

    def refusal(self, asks: bytes) -> bytes:
        """Give the instrument's no; the bytes asked come back where the protocol has none."""
        return asks

    def foreign(self, asks: bytes) -> bytes:
        """Give a sound frame that is no answer to this question: of another unit."""
        return close(self.speaker.address % 247 + 1, bytes.fromhex("03 04 42 28 00 00"))

    def broken(self, answer: bytes) -> bytes:
        """Give an answer with a wrong check sum; as it is where the protocol has none."""
        return answer

    def pushed(self) -> bytes:
        """Give what it says unasked."""
        return b""


def plain(number: float, decimals: int = 4) -> str:
    """Print a number without exponent and without idle zeros."""
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
