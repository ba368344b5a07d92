"""Repeats of one cause are one case: how often, since when, and the newest of them in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.watch.finding import Finding

TIMES = 20
"""Beginnings of repeats that are kept, the newest."""


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one outlet, factor, rule and cause, as an event keeps them."""

    first: float
    last: float
    count: int
    times: tuple[float, ...]
    newest: Finding

    def detail(self) -> dict[str, Any]:
        """Give what the event says."""
        one = self.newest
        return {
            "rule": one.rule,
            "cause": one.cause,
            "first": self.first,
            "last": self.last,
            "count": self.count,
            "times": list(self.times),
            "start": one.start,
            "end": one.end,
            "points": one.count,
            "figures": one.figures,
            "samples": [list(each) for each in one.samples],
        }


def begun(one: Finding) -> Group:
    """Give the group of a first finding."""
    return Group(one.start, one.end, 1, (one.start,), one)


def grouped(detail: Mapping[str, Any], one: Finding) -> Group | None:
    """Add a finding to the group of an event; None where the event has told of it already.

    A finding that goes on from the last one makes it longer; one that begins behind it is a
    repeat.
    """
    last, times = float(detail["last"]), tuple(detail["times"])
    if one.end <= last:
        return None
    first, count = float(detail["first"]), int(detail["count"])
    if one.start <= last:
        # seen again, further on: it began when it began, though the look back is shorter
        one = replace(one, start=min(one.start, float(detail["start"])))
        return Group(first, one.end, count, times, one)
    return Group(first, one.end, count + 1, (*times, one.start)[-TIMES:], one)
