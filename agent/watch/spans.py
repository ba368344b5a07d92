"""Stretches of time as the watch compares them: half open, UTC epoch seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end); what still lasts ends at infinity. `event` is the row that says so, or 0."""

    start: float
    end: float
    event: int = 0

    def holds(self, at: float) -> bool:
        """Say whether a moment lies in it."""
        return self.start <= at < self.end

    def touches(self, other: Span) -> bool:
        """Say whether both have a moment in common."""
        return self.start < other.end and other.start < self.end


def stretches(minutes: Iterable[float], *, gap_s: float = 2.5 * MINUTE_S) -> Iterator[Span]:
    """Give neighbouring minutes, by their starts, as stretches."""
    start = last = None
    for at in sorted(minutes):
        if start is None or last is None:
            start = at
        elif at - last > gap_s:
            yield Span(start, last + MINUTE_S)
            start = at
        last = at
    if start is not None and last is not None:
        yield Span(start, last + MINUTE_S)
