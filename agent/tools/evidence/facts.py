"""What a report says of an interval, read from the store: events, bottles, values, who did what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.model import Cause, Kind, Period, Statistic
from agent.settings import Site
from agent.store import bottles, events, samples, series, statistics
from agent.store.actions import Action, between
from agent.store.bottles import Bottle
from agent.tools.evidence.gather import Interval

_LONGEST_S = 86_400.0
"""How much of an interval is drawn; the rows go with it whole."""
_PERSONAL = "SELECT seq, at, who, what, detail FROM journal WHERE at >= ? AND at < ? ORDER BY seq"
_ROUTINE = frozenset({"sealed", "signed", "pruned"})


@dataclass(frozen=True, slots=True)
class Course:
    """One factor over the interval: (time, value, cause), and its results or hours."""

    outlet: str
    factor: str
    limit: float | None
    points: tuple[tuple[float, float | None, Cause], ...]
    hours: tuple[Statistic, ...]
    results: tuple[tuple[float, float | None, Cause], ...] = ()
    """Of a batch analyzer: when each result was complete."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal."""

    seq: int
    at: float
    who: str
    what: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it."""

    interval: Interval
    events: tuple[events.Event, ...]
    actions: tuple[Action, ...]
    courses: tuple[Course, ...]
    journal: tuple[Line, ...]
    measurements: tuple[tuple[Any, ...], ...] = field(default=())
    bottles: tuple[Bottle, ...] = ()


def facts(connection: sqlite3.Connection, site: Site, interval: Interval) -> Facts:
    """Read what a report says of an interval."""
    found = tuple(events.between(connection, interval.begin, interval.end))
    return Facts(
        interval,
        found,
        tuple(between(connection, interval.begin, interval.end)),
        tuple(_courses(connection, site, interval)),
        tuple(
            Line(seq, at, who, what, json.loads(text))
            for seq, at, who, what, text in connection.execute(
                _PERSONAL, (interval.begin, interval.end)
            )
            if what not in _ROUTINE
        ),
        tuple(_results(connection, interval)),
        tuple(bottles.between(connection, interval.begin, interval.end)),
    )


def _courses(connection: sqlite3.Connection, site: Site, interval: Interval) -> Sequence[Course]:
    names = series.load(connection)
    begin = max(interval.begin, interval.end - _LONGEST_S)
    made, results = [], _results(connection, interval)
    for outlet in site.outlets:
        taken = samples.between(connection, begin, interval.end, outlet=outlet.id, names=names)
        first = Period.holding(Kind.HOUR, begin)
        hours = statistics.between(connection, first, int(interval.end), outlet.id, names)
        for code, rule in outlet.factors.items():
            limits = [limit.high for limit in rule.limits if limit.high is not None]
            made.append(
                Course(
                    outlet.id,
                    code,
                    limits[-1] if limits else None,
                    tuple((one.at, one.value, one.cause) for one in taken.get(code, ())),
                    tuple(row for row in hours if row.factor == code),
                    tuple(
                        (completed_at, value, Cause(why))
                        for owner, of, _, _, completed_at, _, value, why in results
                        if (owner, of) == (outlet.id, code)
                    ),
                )
            )
    return made


def _results(connection: sqlite3.Connection, interval: Interval) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT s.outlet, s.factor, d.name, sampled_at, completed_at, received_at, value, cause"
        " FROM measurements m JOIN series s ON s.id = m.series"
        " LEFT JOIN devices d ON d.id = m.device"
        " WHERE received_at >= ? AND sampled_at < ? ORDER BY m.id LIMIT 500",
        (interval.begin, interval.end),
    ).fetchall()
