"""Which rows of a store belong to an interval, so that what was sealed can be checked offline.

A seal covers whole ranges, so the rows of every sealed range that touches the interval are taken,
with the journal from the first line that concerns them up to its head.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.store import journal
from agent.store.seals import CLOSERS, DAY_S

TABLES = (
    "samples",
    "statistics",
    "measurements",
    "series",
    "devices",
    "events",
    "actions",
    "marks",
    "manual_values",
    "checks",
    "device_checks",
    "columns",
    "parameters",
    "exchanges",
    "maintenance",
    "faults",
    "commands",
    "frames",
    "holds",
    "clock_steps",
    "journal",
    "orders",
    "supervision",
    "supervision_answers",
    "bottles",
    "alarms",
    "states",
)
_LASTS = 2**53
_TIMED = {
    "events": ("at", "ended_at"),
    "actions": ("created_at", "finished_at"),
    "marks": ("start", "end"),
    "manual_values": ("start", "end"),
    "checks": ("start", "end"),
    "device_checks": ("min(at, seen_at)", "max(at, seen_at)"),
    "columns": ("start", "start"),
    "maintenance": ("began_at", "ended_at"),
    "faults": ("opened_at", "closed_at"),
    "commands": ("received_at", "coalesce(told_at, done_at, received_at)"),
    "frames": ("first_at", "last_at"),
    "holds": ("start", "end"),
    "orders": ("received_at", "coalesce(done_at, received_at)"),
    "bottles": ("noted_at", "gone_at"),
    "alarms": ("raised_at", "acknowledged_at"),
    "states": ("start", "ended_at"),
}
"""Since when and until when a row is; of other tables all rows go with it."""
_SCOPED = {
    "samples": (
        "samples WHERE key >= :begin AND key < :end AND epoch = CAST(:scope AS INTEGER)"
        " ORDER BY key"
    ),
    "statistics": (
        "statistics WHERE kind = :kind AND start >= :begin AND start < :end"
        " AND series IN (SELECT id FROM series WHERE outlet = :outlet)"
        " ORDER BY start, series, revision"
    ),
    "measurements": "measurements WHERE id >= :begin AND id < :end ORDER BY id",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """What the evidence is of: [begin, end), UTC epoch seconds; the event where it is of one."""

    begin: float
    end: float
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What of the store goes with an interval: by table and scope from where to where.

    `begin` and `end` are the interval's, widened to whole days: what stands beside it explains it.
    Scopes are those of the seals (`agent.store.seals`); `line` is the first of the journal.
    """

    bounds: dict[tuple[str, str], list[int]]
    line: int
    begin: float
    end: float

    def plain(self) -> dict[str, object]:
        """Give it as the manifest has it."""
        return {
            "line": self.line,
            "bounds": [[*scope, *bounds] for scope, bounds in sorted(self.bounds.items())],
        }


def reach(connection: sqlite3.Connection, interval: Interval) -> Reach:
    """Widen an interval to the sealed ranges that it touches."""
    begin, end = interval.begin // DAY_S * DAY_S, -(-interval.end // DAY_S) * DAY_S
    first = _first_line(connection, interval)
    found = Reach(_bounds(connection, interval), first, begin, end)
    line = found.line
    for seq, text in connection.execute(
        "SELECT seq, detail FROM journal WHERE what = 'sealed' ORDER BY seq"
    ):
        for one in json.loads(text)["seals"]:
            bounds = found.bounds.get((one["table"], one["scope"]))
            if bounds and one["begin"] < bounds[1] and one["end"] > bounds[0]:
                bounds[:] = min(bounds[0], one["begin"]), max(bounds[1], one["end"])
                line = min(line, seq)
    return Reach(found.bounds, line, begin, end)


def rows(connection: sqlite3.Connection, table: str, found: Reach) -> Iterator[list[Any]]:
    """Give the rows of a table that go with it, each column as it lies in the store."""
    if table in _TIMED:
        first, last = _TIMED[table]
        source = f"{table} WHERE {first} < :end AND coalesce({last}, {_LASTS}) >= :begin"
        bounds = {"begin": found.begin, "end": found.end}
        yield from _raw(connection, f"{source} ORDER BY 1", bounds)
    elif table == "journal":
        yield from _raw(connection, "journal WHERE seq >= ? ORDER BY seq", (found.line,))
    elif table in _SCOPED:
        for (owner, scope), (begin, end) in sorted(found.bounds.items()):
            if owner == table:
                kind, _, outlet = scope.partition("/")
                asked: dict[str, object] = {"begin": begin, "end": end, "scope": scope}
                asked |= {"kind": kind, "outlet": outlet}
                yield from _raw(connection, _SCOPED[table], asked)
    else:
        yield from _raw(connection, f"{table} ORDER BY 1", ())


def anchor(connection: sqlite3.Connection, found: Reach) -> str:
    """Give the hash of the line before the first that goes with it."""
    row = connection.execute("SELECT hash FROM journal WHERE seq = ?", (found.line - 1,)).fetchone()
    return journal.FIRST if row is None else str(row[0])


def _raw(connection: sqlite3.Connection, source: str, asked: Any) -> Iterator[list[Any]]:
    for row in connection.execute(f"SELECT * FROM {source}", asked):
        yield [value.hex() if isinstance(value, bytes) else value for value in row]


def _bounds(connection: sqlite3.Connection, interval: Interval) -> dict[tuple[str, str], list[int]]:
    """Give what lies in the interval itself; the hours and days that hold it belong to it, too."""
    begin, end = int(interval.begin), int(interval.end)
    keys = [begin * 1000 << 16, end * 1000 << 16]
    found = {("measurements", ""): _results(connection, interval)}
    (epochs,) = connection.execute("SELECT coalesce(max(epoch), 0) FROM clock_steps").fetchone()
    found |= {("samples", str(epoch)): list(keys) for epoch in range(epochs + 1)}
    for (scope,) in connection.execute("SELECT name FROM cursors WHERE name GLOB ?", (CLOSERS,)):
        before = {"1h": 3600, "1d": 86_400, "1M": 31 * 86_400}.get(scope.partition("/")[0], 1800)
        found["statistics", scope] = [begin - before, end]
    return found


def _results(connection: sqlite3.Connection, interval: Interval) -> list[int]:
    (first, last) = connection.execute(
        "SELECT min(id), max(id) FROM measurements WHERE received_at >= ? AND sampled_at < ?",
        (interval.begin, interval.end),
    ).fetchone()
    return [0, 0] if first is None else [first, last + 1]


def _first_line(connection: sqlite3.Connection, interval: Interval) -> int:
    (seq,) = connection.execute(
        "SELECT coalesce(min(seq), (SELECT coalesce(max(seq), 0) + 1 FROM journal)) FROM journal"
        " WHERE at >= ?",
        (interval.begin,),
    ).fetchone()
    return int(seq)
