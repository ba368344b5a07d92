"""What a camera sent last: encoded pictures, never decoded, from a key frame on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

JUMP_S = 5.0
"""Stream and arrival that part by more than this: the camera set its clock, or began anew."""
DRIFT = 1e-3
"""How much slower than ours a camera's clock may run."""


@dataclass(frozen=True, slots=True)
class Form:
    """What must stay the same inside one film."""

    codec: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture. `at` is monotonic seconds; `number` counts up for ever."""

    number: int
    at: float
    key: bool
    data: bytes
    form: Form


class Timeline:
    """Puts the stream's own time on our monotonic clock.

    What arrives earliest for its stream time came without delay, so a stall, and the burst behind
    it, do not move the pictures.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._stream = self._last = float("-inf")

    def place(self, stream_s: float, arrived: float) -> float:
        """Give the moment of a picture; each is later than the one before."""
        offset = arrived - stream_s
        if self._offset is None or abs(offset - self._offset) > JUMP_S:
            self._offset = offset
        else:
            slow = DRIFT * max(0.0, stream_s - self._stream)
            self._offset = min(offset, self._offset + slow)
        self._stream = stream_s
        self._last = max(stream_s + self._offset, self._last + 0.001)
        return self._last


class Ring:
    """The last `span_s` seconds, or as many as `limit_bytes` hold, always from a key frame on."""

    def __init__(self, *, span_s: float, limit_bytes: int) -> None:
        self._span_s, self._limit = span_s, limit_bytes
        self._groups: deque[list[Picture]] = deque()
        self._bytes = 0

    def add(self, picture: Picture) -> None:
        """Take a picture in; what comes before the first key frame shows nothing and is dropped."""
        if picture.key:
            self._groups.append([picture])
        elif self._groups and self._groups[-1][-1].form == picture.form:
            self._groups[-1].append(picture)
        else:
            return
        self._bytes += len(picture.data)
        while self._groups and self._spare(picture.at):
            self._bytes -= sum(len(one.data) for one in self._groups.popleft())

    def _spare(self, now: float) -> bool:
        if self._bytes > self._limit:
            return True
        return len(self._groups) > 1 and self._groups[1][0].at <= now - self._span_s

    def pictures(self, *, after: int = -1) -> Iterator[Picture]:
        """Give what came behind that number, oldest first."""
        for group in self._groups:
            if group[-1].number > after:
                yield from (one for one in group if one.number > after)

    def start(self, at: float) -> Picture | None:
        """Give the key frame that a film beginning at that moment begins with."""
        found: Picture | None = None
        for group in self._groups:
            if found is not None and group[0].at > at:
                break
            found = group[0]
        return found

    @property
    def newest_key(self) -> Picture | None:
        """The last picture that can be shown by itself."""
        return self._groups[-1][0] if self._groups else None

    @property
    def reach(self) -> tuple[float, float] | None:
        """From when to when it has pictures, in monotonic seconds."""
        return (self._groups[0][0].at, self._groups[-1][-1].at) if self._groups else None

    @property
    def size(self) -> int:
        """Bytes of encoded pictures."""
        return self._bytes
