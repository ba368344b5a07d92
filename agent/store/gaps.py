"""Finds what a platform has not got: the periods it was due beside what was made and delivered.

`deliveries` outlives the outbox, so this looks back as far as rows are kept. A long span is read a
chunk at a time; periods in a row that lack for one reason come as one gap.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent.model import Period

CHUNK = 240
"""Periods read at a time; most often they are all there, and counting them is enough."""

State = Literal[
    "open",
    "unconfirmed",
    "rejected",
    "dropped",
    "abandoned",
    "pending",
    "never_made",
    "no_data",
]
"""Why a period is not delivered.

`open` is owed and on its way, `pending` due and not closed yet. `never_made` has statistics and no
upload, `no_data` not even these: nobody sampled, or its minutes were of another length then.
"""


@dataclass(frozen=True, slots=True)
class Due:
    """What one station is due of one kind under one system code; times in UTC epoch seconds.

    `first` is the first period owed and `until` the end of what is due by now. Periods from
    `closed_before` on wait for their closer. Before `first` only what was owed then counts, from
    `rows_from` on. `code` and `series` say where their statistics are.
    """

    station: str
    kind: str
    cn: str
    st: str
    first: Period
    rows_from: int
    until: int
    closed_before: int
    code: str
    series: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Periods in a row that lack for the same reason: `first` and `last` are starts."""

    station: str
    kind: str
    st: str
    first: int
    last: int
    count: int
    state: State


def gaps(connection: sqlite3.Connection, due: Due) -> Iterator[Gap]:
    """Give all gaps of one kind, oldest first."""
    lasting: Gap | None = None
    for start, state in _lacking(connection, due):
        if state is None:
            if lasting is not None:
                yield lasting
            lasting = None
        elif lasting is not None and lasting.state == state:
            lasting = replace(lasting, last=start, count=lasting.count + 1)
        else:
            if lasting is not None:
                yield lasting
            lasting = Gap(due.station, due.kind, due.st, start, start, 1, state)
    if lasting is not None:
        yield lasting


def counted(found: Iterator[Gap]) -> dict[str, dict[str, int]]:
    """Sum gaps up as periods by kind and state."""
    sums: dict[str, dict[str, int]] = {}
    for gap in found:
        kind = sums.setdefault(gap.kind, {})
        kind[gap.state] = kind.get(gap.state, 0) + gap.count
    return sums


def _lacking(connection: sqlite3.Connection, due: Due) -> Iterator[tuple[int, State | None]]:
    """Give the start of each period in order, with why it lacks; None where it does not."""
    low = min(due.rows_from, due.first.start)
    step = due.first.length_s * CHUNK
    while low < due.until:
        high = min(low + step, due.until)
        grid = range(_on_grid(due.first, low), high, due.first.length_s)
        if grid and _all_there(connection, due, low, high, len(grid)):
            yield grid[-1], None
            low = high
            continue
        rows = _states(connection, due, low, high)
        missing = [start for start in grid if start not in rows]
        made = _made(connection, due, missing) if missing else frozenset()
        for start in sorted({*rows, *grid}):
            yield start, _why(due, start, rows, made)
        low = high


def _on_grid(first: Period, low: int) -> int:
    """Give the first start of the series that is not before `low`."""
    return first.start + max(0, -(-(low - first.start) // first.length_s)) * first.length_s


def _why(
    due: Due, start: int, rows: Mapping[int, State | None], made: frozenset[int]
) -> State | None:
    if start in rows:
        return rows[start]
    if start >= due.closed_before:
        return "pending"
    return "never_made" if start in made else "no_data"


def _all_there(connection: sqlite3.Connection, due: Due, low: int, high: int, count: int) -> bool:
    """Say whether so many periods were accepted, and everything else of that time was, too."""
    there, others = connection.execute(
        "SELECT count(DISTINCT CASE WHEN start >= ?1 AND (start - ?1) % ?2 = 0 THEN start END),"
        " coalesce(sum(state <> 'accepted'), 0) FROM deliveries"
        " WHERE station = ?3 AND cn = ?4 AND start >= ?5 AND start < ?6 AND st = ?7",
        (due.first.start, due.first.length_s, due.station, due.cn, low, high, due.st),
    ).fetchone()
    return bool(there == count and not others)


def _states(
    connection: sqlite3.Connection, due: Due, low: int, high: int
) -> dict[int, State | None]:
    """Give the state of the newest revision of every period owed; None where it was accepted."""
    rows: Sequence[tuple[int, State | Literal["accepted"]]] = connection.execute(
        "SELECT start, state FROM deliveries"
        " WHERE station = ? AND cn = ? AND start >= ? AND start < ? AND st = ?"
        " ORDER BY start, revision",
        (due.station, due.cn, low, high, due.st),
    ).fetchall()
    return {start: None if state == "accepted" else state for start, state in rows}


def _made(connection: sqlite3.Connection, due: Due, missing: Sequence[int]) -> frozenset[int]:
    """Give the starts that have statistics."""
    marks = ",".join("?" * len(due.series))
    rows = connection.execute(
        "SELECT DISTINCT start FROM statistics WHERE kind = ? AND start >= ? AND start <= ?"
        f" AND series IN ({marks}) AND revision = 0",
        (due.code, missing[0], missing[-1], *due.series),
    )
    return frozenset(start for (start,) in rows)
