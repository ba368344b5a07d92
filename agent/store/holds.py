"""Intervals frozen as evidence: while a hold is open, nobody prunes what lies in it (§3.12).

What the journal sealed together can be checked only together, so a hold is as long as the whole
hours, or days, that it touches.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """One frozen interval, UTC epoch seconds; `end` is exclusive, None until it is released.

    `ref` is its identity: the same freeze ordered twice is one. An empty `outlet` means all.
    """

    id: int
    ref: str
    outlet: str
    start: int
    end: int | None
    why: str
    source: str
    made_by: str
    made_at: float
    released_by: str | None = None
    released_at: float | None = None
    release_why: str = ""

    def holds(self, at: float) -> bool:
        """Say whether an instant lies in it."""
        return self.start <= at < (math.inf if self.end is None else self.end)


Part = tuple[float, float]
"""From an instant up to another, UTC epoch seconds; infinite where nothing bounds it."""

_COLUMNS = "id, ref, outlet, start, end, why, source, made_by, made_at"
_ALL = f"{_COLUMNS}, released_by, released_at, release_why"


def add(connection: sqlite3.Connection, hold: Hold) -> bool:
    """Freeze an interval (the number given is not used); False when that ref was there before."""
    row = connection.execute(
        "INSERT OR IGNORE INTO holds (ref, outlet, start, end, why, source, made_by, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            hold.ref,
            hold.outlet,
            hold.start,
            hold.end,
            hold.why,
            hold.source,
            hold.made_by,
            hold.made_at,
        ),
    )
    return row.rowcount == 1


def open_ones(connection: sqlite3.Connection) -> list[Hold]:
    """Give what is frozen now, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM holds WHERE released_at IS NULL ORDER BY id")
    return [Hold(*row) for row in rows]


def release(connection: sqlite3.Connection, ref: str, *, at: float, by: str, why: str) -> bool:
    """Let go of an interval; False when it was not frozen."""
    row = connection.execute(
        "UPDATE holds SET released_at = ?, released_by = ?, release_why = ?"
        " WHERE ref = ? AND released_at IS NULL",
        (at, by, why, ref),
    )
    return row.rowcount == 1


def newest(connection: sqlite3.Connection, limit: int) -> list[Hold]:
    """Give holds, those that were released too, newest first."""
    rows = connection.execute(f"SELECT {_ALL} FROM holds ORDER BY id DESC LIMIT ?", (limit,))
    return [Hold(*row) for row in rows]


def find(connection: sqlite3.Connection, ref: str) -> Hold | None:
    """Give one hold, open or not."""
    row = connection.execute(f"SELECT {_ALL} FROM holds WHERE ref = ?", (ref,)).fetchone()
    return None if row is None else Hold(*row)


def frozen(holds: Iterable[Hold], *, grid_s: int, before_s: int = 0) -> list[Part]:
    """Give what holds freeze, in whole steps of a grid and without overlap, in order of time.

    `before_s` is how much earlier a period may begin that reaches into a hold.
    """
    found: list[Part] = []
    for begin, end in sorted(_whole(one, grid_s, before_s) for one in holds):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def free(parts: Iterable[Part], *, until: float) -> Iterator[Part]:
    """Give what lies between frozen parts and before an instant, oldest first."""
    since = -math.inf
    for begin, end in parts:
        if since < min(begin, until):
            yield since, min(begin, until)
        since = end
    if since < until:
        yield since, until


def _whole(one: Hold, grid_s: int, before_s: int) -> Part:
    begin = (one.start - before_s) // grid_s * grid_s
    return begin, math.inf if one.end is None else -(-one.end // grid_s) * grid_s
