"""When a batch analyzer measures and when its results come out. Pure.

Results come at moments fixed by the clock, so that two runs at the same time agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

BUSY_SHARE = 0.7
"""Share of a cycle in which the analyzer is measuring; its result comes at the end of that."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A new run begins every `length_s`, counted from the epoch."""

    length_s: float

    @property
    def run_s(self) -> float:
        """How long one run takes."""
        return self.length_s * BUSY_SHARE

    def completed(self, at: float) -> float:
        """Give when the newest result at that time came out."""
        began = (at - self.run_s) // self.length_s * self.length_s
        return math.floor(began + self.run_s)

    def measuring(self, at: float) -> bool:
        """Say whether a run is under way."""
        return at % self.length_s < self.run_s
