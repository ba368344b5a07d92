"""What was recomputed against what is in a store: every difference, to the last bit."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agent.model import Kind, Period, Statistic
from agent.store import cursors, statistics
from agent.store.series import Names
from agent.tools.recompute.telling import FIGURES

COMPARED = (*FIGURES, "cause", "valid", "weighted")
_AT_ONCE = {Kind.MINUTE: Kind.HOUR, Kind.HOUR: Kind.DAY, Kind.DAY: Kind.MONTH}
"""Rows of a kind are read from the store for so long a stretch at a time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not the same; `field` is `row` where one side has no such period."""

    outlet: str
    factor: str
    period: Period
    field: str
    recomputed: object
    stored: object


Key = tuple[str, Kind]


@dataclass(slots=True)
class _Stretch:
    """Stored rows from `start` to `end`; `last` is the start of the newest row recomputed."""

    start: int
    end: int
    last: int
    rows: dict[tuple[int, str], Statistic]


@dataclass(slots=True)
class Comparison:
    """The store's newest word on the periods that come by, a stretch of each kind in memory.

    What the store has before the first and behind the last recomputed period is not spoken of.
    Neither is a difference what it has not closed yet (`pending`), nor what lies before its first
    row of that outlet and kind (`before`), as before it began or was pruned; both are counted.
    """

    connection: sqlite3.Connection
    names: Names
    pending: int = 0
    _stretches: dict[Key, _Stretch] = field(default_factory=dict)
    before: int = 0
    _owned: dict[Key, tuple[float, float]] = field(default_factory=dict)
    """Where the store's periods of an outlet and kind begin, and from where on it owes them."""

    def differences(self, row: Statistic) -> Iterator[Difference]:
        """Give where a recomputed row and the stored one are not the same."""
        key = (row.outlet, row.period.kind)
        stretch = self._stretches.get(key)
        if stretch is None or row.period.start >= stretch.end:
            if stretch is not None:
                yield from _left(stretch.rows.values())
            stretch = self._read(key, row.period, stretch)
            self._stretches[key] = stretch
            yield from _left(
                [stretch.rows.pop(at) for at in list(stretch.rows) if at[0] < row.period.start]
            )
        stretch.last = row.period.start
        stored = stretch.rows.pop((row.period.start, row.factor), None)
        if stored is None:
            first, owed = self._owns(key)
            self.before += row.period.start < first
            self.pending += row.period.start >= owed
            if first <= row.period.start < owed:
                yield Difference(row.outlet, row.factor, row.period, "row", True, False)
            return
        for name in COMPARED:
            ours, theirs = getattr(row, name), getattr(stored, name)
            if ours != theirs:
                yield Difference(row.outlet, row.factor, row.period, name, ours, theirs)

    def rest(self) -> Iterator[Difference]:
        """Give what the store has besides, up to the last period recomputed."""
        for stretch in self._stretches.values():
            yield from _left(row for at, row in stretch.rows.items() if at[0] <= stretch.last)

    def _owns(self, key: Key) -> tuple[float, float]:
        """Give from where to where the store has to have an outlet's periods of a kind."""
        if key not in self._owned:
            outlet, kind = key
            name = statistics.code(Period(kind, 0))
            owed = cursors.get(self.connection, f"{name}/{outlet}")
            first = self.connection.execute(
                "SELECT min(t.start) FROM statistics AS t JOIN series AS s ON s.id = t.series"
                " WHERE t.kind = ? AND s.outlet = ?",
                (name, outlet),
            ).fetchone()[0]
            # without any row nothing was lost at its beginning: then all of it is
            self._owned[key] = (
                -math.inf if first is None else first,
                math.inf if owed is None else owed,
            )
        return self._owned[key]

    def _read(self, key: Key, period: Period, before: _Stretch | None) -> _Stretch:
        """Read the stretch a period is in, from it on or from where the one before ended."""
        outlet, kind = key
        start = period.start if before is None else before.end
        end = Period.holding(_AT_ONCE.get(kind, kind), period.start).end
        rows = statistics.between(self.connection, Period(kind, start), end, outlet, self.names)
        found = {(row.period.start, row.factor): row for row in rows}
        return _Stretch(start, end, period.start, found)


def _left(rows: Iterable[Statistic]) -> Iterator[Difference]:
    for row in rows:
        yield Difference(row.outlet, row.factor, row.period, "row", False, True)
