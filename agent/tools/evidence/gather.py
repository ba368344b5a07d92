"""Which rows of a store belong to an interval, so that what was sealed can be checked offline.

A seal covers whole ranges, so the rows of every sealed range that touches the interval are taken,
with the journal from the first line that concerns them up to its head. Much is read in short
statements, one after the other, so that no reader holds the store's log for long (architecture
§3.17); the journal comes last and says what came, or went, meanwhile.
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
AT_ONCE = ("journal", "marks", "manual_values", "checks", "bottles", "series", "devices")
"""What is read at one instant: the journal, and what is held against its last lines."""
PAGE = 2000
"""Rows of one statement."""
_SLICE_S = {"m": DAY_S // 4, "h": 31 * DAY_S, "d": 366 * DAY_S, "M": 366 * DAY_S}
"""How long a slice of statistics is, by the last letter of their kind."""
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
_SAMPLES = (
    "samples WHERE key >= :begin AND key < :end AND epoch = CAST(:scope AS INTEGER)"
    " AND key > :after ORDER BY key"
)
_STATISTICS = (
    "statistics WHERE kind = :kind AND start >= :begin AND start < :end"
    " AND series IN (SELECT id FROM series WHERE outlet = :outlet) ORDER BY start, series, revision"
)
_MEASUREMENTS = "measurements WHERE id >= :begin AND id < :end AND id > :after ORDER BY id"
_UNPAGED = frozenset({"columns", "device_checks"})
"""Tables without a number of their own; they are small."""


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
    touched, line = _bounds(connection, interval), first
    sealed: dict[tuple[str, str], list[int]] = {}
    for seq, text in connection.execute(
        "SELECT seq, detail FROM journal WHERE what = 'sealed' ORDER BY seq"
    ):
        for one in json.loads(text)["seals"]:
            scope = one["table"], one["scope"]
            wanted = touched.get(scope)
            if wanted and one["begin"] < wanted[1] and one["end"] > wanted[0]:
                for bounds in (wanted, sealed.setdefault(scope, [one["begin"], one["end"]])):
                    bounds[:] = min(bounds[0], one["begin"]), max(bounds[1], one["end"])
                line = min(line, seq)
    # what is sealed later, of an hour that is not over, was not there when the rows were read
    return Reach(sealed, line, begin, end)


def rows(connection: sqlite3.Connection, table: str, found: Reach) -> Iterator[list[Any]]:
    """Give the rows of a table that go with it, each column as it lies in the store."""
    if table in _TIMED:
        first, last = _TIMED[table]
        source = f"{table} WHERE {first} < :end AND coalesce({last}, {_LASTS}) >= :begin"
        asked: dict[str, object] = {"begin": found.begin, "end": found.end}
        if table in _UNPAGED:
            yield from _raw(connection, f"{source} ORDER BY 1", asked)
        else:
            yield from _pages(connection, f"{source} AND id > :after ORDER BY id", asked)
    elif table == "journal":
        asked = {"line": found.line}
        yield from _pages(connection, "journal WHERE seq >= :line AND seq > :after ORDER BY seq",
                          asked)  # fmt: skip
    elif table in ("samples", "measurements", "statistics"):
        for (owner, scope), (begin, end) in sorted(found.bounds.items()):
            if owner == table:
                yield from _sealed(connection, table, scope, begin, end)
    else:
        yield from _raw(connection, f"{table} ORDER BY 1", {})


def _sealed(
    connection: sqlite3.Connection, table: str, scope: str, begin: int, end: int
) -> Iterator[list[Any]]:
    """Give the rows of a scope that is sealed, a short statement after the other."""
    asked: dict[str, object] = {"begin": begin, "end": end, "scope": scope}
    if table != "statistics":
        source = _SAMPLES if table == "samples" else _MEASUREMENTS
        yield from _pages(connection, source, asked)
        return
    kind, _, outlet = scope.partition("/")
    step = _SLICE_S[kind[-1]]
    for since in range(begin, end, step):
        asked |= {"kind": kind, "outlet": outlet, "begin": since, "end": min(end, since + step)}
        yield from _raw(connection, _STATISTICS, asked)


def anchor(connection: sqlite3.Connection, found: Reach) -> str:
    """Give the hash of the line before the first that goes with it."""
    row = connection.execute("SELECT hash FROM journal WHERE seq = ?", (found.line - 1,)).fetchone()
    return journal.FIRST if row is None else str(row[0])


def _pages(
    connection: sqlite3.Connection, source: str, asked: dict[str, object]
) -> Iterator[list[Any]]:
    """Give rows in pages, each read at once; the first column is the number they go by."""
    after = -1
    while page := list(_raw(connection, f"{source} LIMIT {PAGE}", {**asked, "after": after})):
        yield from page
        after = page[-1][0]


def _raw(connection: sqlite3.Connection, source: str, asked: Any) -> Iterator[list[Any]]:
    """Give rows; the statement is over before the first of them is worked on."""
    for row in connection.execute(f"SELECT * FROM {source}", asked).fetchall():
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
