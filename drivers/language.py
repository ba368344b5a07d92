"""What a protocol other than Modbus is to the device that speaks it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from drivers.profile_dialogue import Question
from drivers.profile_model import Profile
from drivers.question import FrameQuestion
from drivers.settings import DeviceSettings


class Item(Protocol):
    """A value, a state or a time of a profile, as far as finding it in an answer goes."""

    @property
    def at(self) -> int | str:
        """Where it stands, in the words of the driver."""

    @property
    def length(self) -> int | None:
        """How many bytes it takes, where that is not clear."""

    @property
    def type(self) -> str:
        """What the bytes are."""


class Language(ABC):
    """One protocol for one instrument: questions out, parts of answers in. Does no I/O."""

    checked = True
    """Whether a check sum protects its answers."""

    def __init__(self, settings: DeviceSettings, profile: Profile) -> None:
        self.address = settings.address
        self.settings = settings
        self.profile = profile

    @abstractmethod
    def ask(self, question: Question) -> FrameQuestion:
        """Print a question of the profile. Raises ValueError where it is not in its words."""

    @abstractmethod
    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Cut an item out of the answer to a question; None where it is not in it."""

    def order(self, text: str) -> FrameQuestion:
        """Print a command that makes the instrument do something. Raises ValueError without one."""
        raise ValueError(f"{self.profile.driver} has no orders")

    def denied(self, frame: bytes) -> None:  # noqa: B027 most protocols have no word for a no
        """Raise Denied when an answer, to a question or an order, is a no."""


def cut(frame: bytes, item: Item) -> bytes | None:
    """Give `length` bytes from offset `at`; without a length, what its type takes."""
    start, length = int(item.at), item.length or SIZES.get(item.type, 1)
    part = frame[start : start + length]
    return part if len(part) == length and start >= 0 else None


SIZES = {
    "uint16": 2, "uint16-le": 2, "int16": 2, "uint32": 4, "int32": 4, "float32": 4, "bcd6": 6,
}  # fmt: skip
