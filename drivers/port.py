"""What a wire needs of a port: bytes out, bytes in, and to know when it is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivers.line import Patience

FAST_BAUD = 19_200
FAST_SILENCE_S = 0.00175
SILENCE_CHARACTERS = 3.5


class Port(Protocol):
    """A serial port, or what carries the bytes of one."""

    patience: Patience
    came: Callable[[bytes], None]
    """Called with every piece that arrives."""
    gone: Callable[[], None]
    """Called when the port was lost; `patience.trouble` says why."""

    @property
    def is_open(self) -> bool:
        """Whether bytes can pass."""

    async def open(self) -> None:
        """Make it ready. Raises NoLine; does nothing when it is open."""

    def flush(self) -> None:
        """Throw away what came and was not given to `came` yet. Raises NoLine."""

    def send(self, data: bytes) -> None:
        """Let all of it go. Raises NoLine, with what did leave in `sent`."""

    def silent(self) -> None:
        """Note that no byte came in answer to a question."""

    def close(self) -> None:
        """Give it up."""


def character_s(baud: int, data_bits: int, parity: str, stop_bits: int) -> float:
    """Give how long one character takes on the wire."""
    bits = 1 + data_bits + (0 if parity == "none" else 1) + stop_bits
    return bits / baud


def frame_silence_s(baud: int, one_character_s: float) -> float:
    """Give the 3.5 characters that end a frame; 1.75 ms above 19200 baud."""
    return FAST_SILENCE_S if baud > FAST_BAUD else SILENCE_CHARACTERS * one_character_s
