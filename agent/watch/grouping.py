"""Repeats of one cause are one case: how often, since when, and the newest of them in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.watch.finding import Finding

TIMES = 20
"""Beginnings of repeats that are kept, the newest."""
EVENTS = 50
"""Events that are named, the newest."""


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one outlet, factor, rule and cause, as an event keeps them."""

    first: float
    last: float
    count: int
    times: tuple[float, ...]
    newest: Finding
    events: tuple[int, ...] = ()
    grave: bool = False

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
            "grave": self.grave,
            "events": list(self.events),
            "start": one.start,
            "end": one.end,
            "points": one.count,
            "figures": one.figures,
            "samples": [list(each) for each in one.samples],
        }


def begun(one: Finding) -> Group:
    """Give the group of a first finding."""
    ids = tuple(number for number, _ in one.events)[-EVENTS:]
    times = tuple(at for _, at in one.events) or (one.start,)
    count = len(one.events) or 1
    return Group(one.start, one.end, count, times[-TIMES:], one, ids, one.grave)


def grouped(detail: Mapping[str, Any], one: Finding) -> Group | None:
    """Add a finding to the group of an event; None where the event has told of it already.

    A finding that goes on from the last one makes it longer; one that begins behind it is a
    repeat. One that groups events adds those that were told since.
    """
    last, times = float(detail["last"]), tuple(detail["times"])
    ids, grave = tuple(detail.get("events", ())), bool(detail.get("grave")) or one.grave
    first, count = float(detail["first"]), int(detail["count"])
    if one.events:
        new = [(number, at) for number, at in one.events if number > max(ids, default=0)]
        if not new:
            return None
        times = (*times, *(at for _, at in new))[-TIMES:]
        ids = (*ids, *(number for number, _ in new))[-EVENTS:]
        return Group(first, max(last, one.end), count + len(new), times, one, ids, grave)
    if one.end <= last:
        return None
    if one.start <= last:
        # seen again, further on: it began when it began, though the look back is shorter
        one = replace(one, start=min(one.start, float(detail["start"])))
        return Group(first, one.end, count, times, one, ids, grave)
    return Group(first, one.end, count + 1, (*times, one.start)[-TIMES:], one, ids, grave)
