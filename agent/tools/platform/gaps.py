"""The gap report: which DataTimes are missing or came twice in what was received. Pure.

Between the first and the last DataTime of a station, a system and a command every step of its
interval is due. What the end of the store lacks cannot be seen here.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from protocols.hj212.times import parse_wire_time, wire_time

INTERVALS_S = {"2061": 3600, "2031": 86_400, "2041": 86_400, "2111": 300}
COMMANDS = frozenset({"2011", "2021", "2031", "2041", "2051", "2061", "2111"})
MOST_RANGES = 1000

Course = tuple[str, str, str]
"""MN, ST, CN."""


@dataclass(frozen=True, slots=True)
class Gap:
    """DataTimes missing in a row: the first, the last and how many. UTC epoch seconds."""

    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Series:
    """What is to be said of one station, system and command.

    `interval_s` None: too little came to tell. `twice` are the DataTimes that came more than once
    with the number of copies beyond the first, `partial` those of which a packet is missing.
    """

    course: Course
    interval_s: int | None
    first: int
    last: int
    received: int
    gaps: tuple[Gap, ...]
    twice: Mapping[int, int]
    partial: tuple[int, ...]

    @property
    def missing(self) -> int:
        """How many DataTimes are missing."""
        return sum(gap.count for gap in self.gaps)

    @property
    def whole(self) -> bool:
        """Whether nothing is missing. Copies do no harm: they bear the same identity."""
        return not self.gaps and not self.partial

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON has it; ranges and copies are cut off at `MOST_RANGES`."""
        mn, st, cn = self.course
        return {
            "kind": "gaps",
            "mn": mn,
            "st": st,
            "cn": cn,
            "interval_s": self.interval_s,
            "first": wire_time(self.first),
            "last": wire_time(self.last),
            "received": self.received,
            "missing": self.missing,
            "gaps": [
                {"from": wire_time(gap.first), "to": wire_time(gap.last), "count": gap.count}
                for gap in self.gaps[:MOST_RANGES]
            ],
            "duplicates": sum(self.twice.values()),
            "twice": {wire_time(at): more for at, more in [*self.twice.items()][:MOST_RANGES]},
            "partial": [wire_time(at) for at in self.partial[:MOST_RANGES]],
        }


@dataclass(slots=True)
class _Times:
    """The packets of each DataTime: how often each came, and of how many."""

    packets: dict[int, Counter[int]] = field(default_factory=dict)
    of: dict[int, int] = field(default_factory=dict)


def gap_report(
    lines: Iterable[Mapping[str, Any]], *, intervals_s: Mapping[str, int] | None = None
) -> Iterator[Series]:
    """Read the lines of a store; give a series for each station, system and command.

    `intervals_s` is by command; where it says nothing the interval of the edition holds, else the
    most frequent step between DataTimes.
    """
    known: dict[Course, _Times] = {}
    for line in lines:
        if line["ok"] and line["cn"] in COMMANDS and line["data_time"]:
            times = known.setdefault((line["mn"], line["st"], line["cn"]), _Times())
            at, pno = int(parse_wire_time(line["data_time"])), line["pno"] or 1
            counted = times.packets.setdefault(at, Counter())
            # what was asked for fills a gap, but is no copy of what came by itself
            counted[pno] += 0 if line.get("asked") and counted[pno] else 1
            times.of[at] = max(times.of.get(at, 1), line["pnum"] or 1)
    wanted = {**INTERVALS_S, **(intervals_s or {})}
    for course, times in sorted(known.items()):
        yield _series(course, times, wanted.get(course[2]))


def _series(course: Course, times: _Times, interval_s: int | None) -> Series:
    there = sorted(times.packets)
    interval_s = interval_s or _usual_step(there)
    return Series(
        course,
        interval_s,
        there[0],
        there[-1],
        len(there),
        tuple(_gaps(there, interval_s)) if interval_s else (),
        {at: more for at in there if (more := max(times.packets[at].values()) - 1) > 0},
        tuple(at for at in there if len(times.packets[at]) < times.of[at]),
    )


def _usual_step(there: list[int]) -> int | None:
    steps = Counter(later - at for at, later in itertools.pairwise(there))
    return min(steps, key=lambda step: (-steps[step], step)) if steps else None


def _gaps(there: list[int], interval_s: int) -> Iterator[Gap]:
    """Give the runs of steps between neighbours; a step a little off is none."""
    for at, later in itertools.pairwise(there):
        count = round((later - at) / interval_s) - 1
        if count > 0:
            yield Gap(at + interval_s, at + count * interval_s, count)
