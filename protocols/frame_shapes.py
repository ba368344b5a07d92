"""How the answer to one question is known among bytes that may begin and end anywhere. Pure.

An answer is looked for at every offset: in front of it may stand noise, an echo, an answer that was
cut. A frame that fits so far and is not complete is waited for, never slid over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from protocols.checksums import CheckKind, check_sum, checked

LONGEST_START = 64
MOST = 2048
"""Bytes above which a frame is no frame of any instrument here."""


class AnswerFault(Exception):
    """What came is not the answer. `kind`: unit, length, checksum, content, garbage."""

    def __init__(self, kind: str, message: str, *, unit: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.unit = unit


class Denied(Exception):
    """The instrument answered no. `code` is its own number, 0 where it gives none."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """One field of an answer; `unit` is what the answer itself calls it, mostly nothing."""

    value: float | str
    unit: str = ""


class Shape(Protocol):
    """Knows the answer to one question. Equal shapes know the same answers."""

    @property
    def size(self) -> int:
        """Bytes the answer takes, about: for the time it needs on the wire."""

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there.

        `final` says that nothing more will come. A refusal of the instrument is an answer.
        """

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """An answer that begins so and ends so, is so long, has a check sum and a pattern.

    `starts` are the ways it may begin. It ends with `ends`, or with its `length`, or, with neither,
    where the line falls silent. The check sum stands right before `ends` and covers all before it.
    `pattern` has to match the whole frame but check sum and end.
    """

    starts: tuple[bytes, ...]
    ends: bytes = b""
    length: int | None = None
    least: int = 1
    check: CheckKind | None = None
    pattern: re.Pattern[bytes] | None = None
    size: int = 64

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there."""
        for offset, frame in self._candidates(buffer, final=final):
            if frame is None:
                if not final and self._may_grow(buffer, offset):
                    return None
            elif self.fits(frame):
                return frame
        return None

    def fits(self, frame: bytes) -> bool:
        """Tell whether a frame that begins and ends right is whole and right."""
        if len(frame) < max(self.least, self._tail) or len(frame) > MOST:
            return False
        if self.check and not checked(frame[: len(frame) - len(self.ends)], self.check):
            return False
        return self.pattern is None or self.pattern.fullmatch(self.content(frame)) is not None

    def content(self, frame: bytes) -> bytes:
        """Give a frame without check sum and end."""
        return frame[: len(frame) - self._tail]

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        frames = [frame for _, frame in self._candidates(buffer, final=True)]
        whole = [frame for frame in frames if frame]
        if self.check and any(len(frame) >= self.least for frame in whole):
            return AnswerFault("checksum", "wrong check sum")
        if whole:
            return AnswerFault("content", "the answer does not have its form")
        return (
            AnswerFault("length", "the answer is cut short")
            if frames
            else AnswerFault("garbage", "no frame in what came")
        )

    @property
    def _tail(self) -> int:
        return len(self.ends) + (len(check_sum(b"", self.check)) if self.check else 0)

    def _candidates(self, buffer: bytes, *, final: bool) -> Iterator[tuple[int, bytes | None]]:
        """Give every place where the answer may begin, with its frame, or None when it is cut."""
        for offset in range(len(buffer)):
            rest = buffer[offset : offset + LONGEST_START]
            if any(rest.startswith(start) for start in self.starts):
                yield offset, self._frame(buffer[offset:], final=final)
            elif any(start.startswith(rest) for start in self.starts):
                yield offset, None

    def _frame(self, rest: bytes, *, final: bool) -> bytes | None:
        if self.length is not None:
            frame = rest[: self.length]
            return frame if len(frame) == self.length and frame.endswith(self.ends) else None
        if self.ends:
            at = rest.find(self.ends)
            return None if at < 0 else rest[: at + len(self.ends)]
        return rest if final else None

    def _may_grow(self, buffer: bytes, offset: int) -> bool:
        rest = len(buffer) - offset
        return rest < (self.length or MOST)


@dataclass(frozen=True, slots=True)
class PatternShape:
    """An answer with neither end nor length: what a pattern finds once the line fell silent.

    With `check`, all from the match on has to end with its check sum.
    """

    pattern: re.Pattern[bytes]
    check: CheckKind | None = None
    size: int = 64

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give all from where the pattern matches, once nothing more will come."""
        found = self.pattern.search(buffer) if final else None
        if found is None or (self.check and not checked(buffer[found.start() :], self.check)):
            return None
        return buffer[found.start() :]

    def content(self, frame: bytes) -> bytes:
        """Give the frame: nothing is known to be no content."""
        return frame

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        if self.check and self.pattern.search(buffer):
            return AnswerFault("checksum", "wrong check sum")
        return AnswerFault("content", "the answer does not have its form")
