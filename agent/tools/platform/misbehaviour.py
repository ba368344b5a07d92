"""What a platform can do wrong, on demand: a station must live with all of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from agent.errors import PaikouError

KINDS = ("late", "silent", "twice", "cut", "crc")
_EXPECTED = "late=SECONDS, silent, twice, cut=FRAMES or crc expected"


class BadMischief(PaikouError):
    """A misbehaviour that is none."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """How the answers of a platform go wrong. The default: not at all.

    `late_s` holds every answer back, `silent` gives none, `twice` gives each again, `cut_every`
    breaks the connection at every so many frames instead of answering, `wrong_crc` damages them.
    """

    late_s: float = 0.0
    silent: bool = False
    twice: bool = False
    cut_every: int = 0
    wrong_crc: bool = False

    @classmethod
    def parse(cls, words: Iterable[str]) -> Misbehaviour:
        """Read `late=15`, `silent`, `twice`, `cut=10`, `crc`. Raises `BadMischief`."""
        kinds = {}
        for word in words:
            kind, _, value = word.partition("=")
            if kind not in KINDS or bool(value) != (kind in ("late", "cut")):
                raise BadMischief(
                    f"{word}: late=SECONDS, silent, twice, cut=FRAMES or crc expected"
                )
            kinds[kind] = value
        try:
            return cls(
                late_s=float(kinds.get("late", 0)),
                silent="silent" in kinds,
                twice="twice" in kinds,
                cut_every=int(kinds.get("cut", 0)),
                wrong_crc="crc" in kinds,
            )
        except ValueError as problem:
            raise BadMischief(str(problem)) from None

    def cuts(self, number: int) -> bool:
        """Say whether the connection breaks at the frame of that number (from 1)."""
        return self.cut_every > 0 and number % self.cut_every == 0

    def answers(self, frame: bytes) -> list[bytes]:
        """Give what goes out in place of one right answer."""
        if self.silent:
            return []
        if self.wrong_crc:
            frame = _damaged(frame)
        return [frame, frame] if self.twice else [frame]


def _damaged(frame: bytes) -> bytes:
    """Give a frame whose CRC is another."""
    at = len(frame) - len(b"F\r\n")
    return frame[:at] + (b"0" if frame[at : at + 1] != b"0" else b"1") + frame[at + 1 :]
