"""What a camera sees, judged from small grey pictures: is it black, covered, frozen, moved?

Pure. The bounds are experience with lenses behind tape and lamps that went out, no standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt

WIDE, HIGH = 32, 18
"""The size of a small picture, in grey values 0…255, row by row."""
BLACK_BELOW = 20.0
FLAT_BELOW = 6.0
"""Standard deviation of the grey values of a picture that shows nothing."""
ALIKE_ABOVE = 0.4
"""Correlation of the edges with those of the picture that was learnt."""
LOOKS = 3
"""As many looks in a row must agree before it is said."""
FROZEN_S = 60.0
RELEARN_S = 86_400.0
"""A view that stood so long is the view now."""


class Sight(StrEnum):
    """State of a camera's picture."""

    GOOD = "good"
    OFFLINE = "offline"
    FROZEN = "frozen"
    BLACK = "black"
    COVERED = "covered"
    MOVED = "moved"


def mean_and_deviation(grey: bytes) -> tuple[float, float]:
    """Give mean and standard deviation of the grey values."""
    mean = sum(grey) / len(grey)
    return mean, sqrt(sum((one - mean) ** 2 for one in grey) / len(grey))


def edges(grey: bytes) -> list[float]:
    """Give how the picture changes from left to right and downwards: light falls out of it."""
    found = []
    for row in range(HIGH - 1):
        for column in range(WIDE - 1):
            here = row * WIDE + column
            found.append(float(grey[here + 1] - grey[here]))
            found.append(float(grey[here + WIDE] - grey[here]))
    return found


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """Give the correlation of two lists of edges, -1…1; 0 when one of them has none."""
    product = sum(a * b for a, b in zip(one, other, strict=True))
    power = sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    return product / power if power else 0.0


@dataclass(slots=True)
class Eyes:
    """Follows one camera's picture. `learnt` is a small picture of how it looked when set up."""

    learnt: bytes | None = None
    state: Sight | None = None
    _seen: list[Sight] = field(default_factory=list)
    _digest: str = ""
    _same_since: float = 0.0
    _moved_since: float | None = None

    def look(self, grey: bytes, digest: str, *, at: float) -> bool:
        """Take a look; `digest` is of the whole picture, `at` monotonic. True: newly learnt."""
        if digest != self._digest:
            self._digest, self._same_since = digest, at
        seen = self._judge(grey, at)
        self._seen = [*self._seen[1 - LOOKS :], seen]
        if self._seen.count(seen) == LOOKS:
            self.state = seen
        return self._learn(grey, seen, at)

    def lost(self) -> None:
        """Take note that there is no picture."""
        self._seen = []
        self._digest = ""
        self.state = Sight.OFFLINE

    def _judge(self, grey: bytes, at: float) -> Sight:
        mean, deviation = mean_and_deviation(grey)
        if deviation < FLAT_BELOW:
            return Sight.BLACK if mean < BLACK_BELOW else Sight.COVERED
        if at - self._same_since >= FROZEN_S:
            return Sight.FROZEN
        if self.learnt is not None and likeness(edges(grey), edges(self.learnt)) < ALIKE_ABOVE:
            return Sight.MOVED
        return Sight.GOOD

    def _learn(self, grey: bytes, seen: Sight, at: float) -> bool:
        if seen is not Sight.MOVED:
            self._moved_since = None
        elif self._moved_since is None:
            self._moved_since = at
        stood = self._moved_since is not None and at - self._moved_since >= RELEARN_S
        if stood or (self.learnt is None and self.state is Sight.GOOD):
            self.learnt, self._moved_since = grey, None
            return True
        return False
