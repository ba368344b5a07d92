"""Hashes of what was measured and computed, written into the journal hour by hour.

A seal covers the rows of one table and scope from `begin` up to `end`; seals of a scope follow each
other without a hole. What comes into a range that is sealed already, as a late result's revision
does, is caught by a trigger and sealed row by row (`late`). So every row stands in the chain once,
and nothing that was sealed is ever sealed anew (architecture §3.14, decision 0007).

| table        | scope       | begin, end            |
|--------------|-------------|-----------------------|
| samples      | clock epoch | key                   |
| statistics   | kind/outlet | start of the period   |
| measurements | –           | row                   |
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from agent.store import cursors, journal

HOUR_S = 3600
DAY_S = 86_400
MARGIN_S = 600.0
"""How long after its end an hour of samples is sealed: by then its last cycle is on disk."""
CLOSERS = "[0-9]*[mhdM]/*"
"""Cursors of the closers, named by what they close: kind/outlet."""
_EPOCHS = "sealed epochs"
_NEVER = 2**62
AT_ONCE = 48
LATE_AT_ONCE = 500
"""Seals, and late rows, that a line of the journal holds at most."""
WORK_S = 0.2
"""After so long a line is closed with what it has: others wait for the writer."""

_SELECT = {
    "samples": (
        "SELECT key, epoch, hex(pack) FROM samples"
        " WHERE key >= :begin AND key < :end AND epoch = CAST(:scope AS INTEGER) ORDER BY key"
    ),
    "measurements": (
        "SELECT m.id, s.outlet, s.factor, s.quantity, d.name, m.* FROM measurements m"
        " LEFT JOIN series s ON s.id = m.series LEFT JOIN devices d ON d.id = m.device"
        " WHERE m.id >= :begin AND m.id < :end ORDER BY m.id"
    ),
    "statistics": (
        "SELECT t.kind || '/' || start || '/' || t.series || '/' || revision, s.outlet, s.factor,"
        " s.quantity, t.* FROM statistics t JOIN series s ON s.id = t.series"
        " WHERE t.kind = :kind AND s.outlet = :outlet AND start >= :begin AND start < :end"
        " ORDER BY start, t.series, revision"
    ),
}
_LATE = {
    "samples": _SELECT["samples"].split(" WHERE")[0] + " WHERE key = CAST(:row AS INTEGER)",
    "statistics": _SELECT["statistics"].split(" WHERE")[0]
    + " WHERE t.kind = :kind AND start = :start AND t.series = :series AND revision = :revision",
}
_NAMES = {
    "series": "SELECT id, outlet, factor, quantity FROM series WHERE id <= ? ORDER BY id",
    "devices": "SELECT id, name FROM devices WHERE id <= ? ORDER BY id",
}


@dataclass(frozen=True, slots=True)
class Seal:
    """The rows of a table and scope in [begin, end), as they were when it was made."""

    table: str
    scope: str
    begin: int
    end: int
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Late:
    """One row that came into a range that was sealed before."""

    table: str
    row: str
    sha256: str


def seal(connection: sqlite3.Connection, *, now: float, until: float | None = None) -> bool:
    """Seal what is complete since the last time; False when nothing was left to seal.

    Up to `AT_ONCE` ranges or `WORK_S` a call: whoever calls asks again. `until` seals of the
    present hour, too, what was sampled before that instant: at the end of the process, and for a
    bundle.
    """
    late, began = list(_late(connection)), time.monotonic()
    made = []
    for one in _ranges(connection, now, until):
        made.append(_sealed(connection, *one))
        if len(made) == AT_ONCE or time.monotonic() - began > WORK_S:
            break
    if not made and not late:
        return False
    for each in made:
        cursors.put(connection, _cursor(each.table, each.scope), each.end)
    detail: dict[str, object] = {
        "seals": [asdict(each) for each in made],
        "late": [asdict(each) for each in late],
        "names": {table: _names(connection, table) for table in _NAMES},
    }
    journal.add(connection, "sealed", detail, at=now)
    return True


def digest(
    connection: sqlite3.Connection, table: str, scope: str, begin: int, end: int, *, besides: Any
) -> tuple[int, str]:
    """Hash the rows of a range, those in `besides` left out; gives their number and the hash."""
    kind, _, outlet = scope.partition("/")
    asked = {"scope": scope, "kind": kind, "outlet": outlet, "begin": begin, "end": end}
    found, count = hashlib.sha256(), 0
    for row in connection.execute(_SELECT[table], asked):
        if str(row[0]) not in besides:
            found.update(_line(row))
            count += 1
    return count, found.hexdigest()


def late_digest(connection: sqlite3.Connection, table: str, row: str) -> str | None:
    """Hash one late row; None when it is not there."""
    kind, start, series, revision = row.split("/") if table == "statistics" else ("", 0, 0, 0)
    asked = {"row": row, "kind": kind, "start": start, "series": series, "revision": revision}
    found = connection.execute(_LATE[table], asked).fetchone()
    return None if found is None else hashlib.sha256(_line(found)).hexdigest()


def names_digest(connection: sqlite3.Connection, table: str, last: int) -> str:
    """Hash the numbers of series or devices up to one of them: packed samples mean them."""
    found = hashlib.sha256()
    for row in connection.execute(_NAMES[table], (last,)):
        found.update(_line(row))
    return found.hexdigest()


def _line(row: tuple[Any, ...]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _cursor(table: str, scope: str) -> str:
    return f"sealed {table} {scope}"


def _sealed(connection: sqlite3.Connection, table: str, scope: str, begin: int, end: int) -> Seal:
    # what came late is sealed by itself: it lies below every `begin` of its scope
    return Seal(table, scope, begin, end, *digest(connection, table, scope, begin, end, besides=()))


def _late(connection: sqlite3.Connection) -> Iterator[Late]:
    """Take the next rows off the to-do list; one that is gone again needs no seal."""
    rows = connection.execute(
        "DELETE FROM late_rows WHERE (tbl, row) IN"
        " (SELECT tbl, row FROM late_rows ORDER BY tbl, row LIMIT ?) RETURNING tbl, row",
        (LATE_AT_ONCE,),
    ).fetchall()
    for table, row in sorted(rows):
        found = late_digest(connection, table, row)
        if found is not None:
            yield Late(table, row, found)


def _names(connection: sqlite3.Connection, table: str) -> dict[str, object]:
    (last,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
    return {"last": last, "sha256": names_digest(connection, table, last)}


def _ranges(
    connection: sqlite3.Connection, now: float, until: float | None
) -> Iterator[tuple[str, str, int, int]]:
    yield from _sample_ranges(connection, now, until)
    yield from _statistic_ranges(connection)
    begin = cursors.get(connection, _cursor("measurements", "")) or 0
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM measurements").fetchone()
    if last >= begin and last:
        yield "measurements", "", begin, last + 1


def _sample_ranges(
    connection: sqlite3.Connection, now: float, until: float | None
) -> Iterator[tuple[str, str, int, int]]:
    """Give the hours of samples to seal, epoch by epoch; one that is over is sealed to its end."""
    (present,) = connection.execute("SELECT coalesce(max(epoch), 0) FROM clock_steps").fetchone()
    unfinished = cursors.get(connection, _EPOCHS) or 0
    for epoch in range(unfinished, present + 1):
        begin = cursors.get(connection, _cursor("samples", str(epoch)))
        last = _outermost(connection, epoch, begin, "DESC")
        if last is None:
            if epoch == unfinished < present and _long_over(connection, epoch, now):
                unfinished += 1
                cursors.put(connection, _EPOCHS, unfinished)
                cursors.put(connection, _cursor("samples", str(epoch)), _NEVER)
            continue
        first = _outermost(connection, epoch, begin, "ASC")
        begin = first if begin is None else begin
        limit = last + 1
        if epoch == present:
            whole = (now - MARGIN_S) // HOUR_S * HOUR_S
            limit = min(limit, _key(max(whole, until or 0.0)))
        while begin is not None and begin < limit:
            end = min(limit, _key(((begin >> 16) // 1000 // HOUR_S + 1) * HOUR_S))
            yield "samples", str(epoch), begin, end
            begin = end


def _outermost(
    connection: sqlite3.Connection, epoch: int, since: int | None, order: str
) -> int | None:
    """Give the first or last key of an epoch that is not sealed."""
    row = connection.execute(
        f"SELECT key FROM samples WHERE key >= ? AND epoch = ? ORDER BY key {order} LIMIT 1",
        (since or 0, epoch),
    ).fetchone()
    return None if row is None else int(row[0])


def _long_over(connection: sqlite3.Connection, epoch: int, now: float) -> bool:
    """Say whether nothing of an epoch can still wait for the disk; it would be a late row then."""
    (ended,) = connection.execute(
        "SELECT at FROM clock_steps WHERE epoch = ?", (epoch + 1,)
    ).fetchone()
    return not 0 <= now - ended < MARGIN_S


def _statistic_ranges(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int, int]]:
    """Give the periods to seal, up to where each closer stands."""
    closers = connection.execute(
        "SELECT name, next FROM cursors WHERE name GLOB ? ORDER BY name", (CLOSERS,)
    ).fetchall()
    for scope, limit in closers:
        kind, _, outlet = scope.partition("/")
        begin = cursors.get(connection, _cursor("statistics", scope))
        if begin is None:
            (begin,) = connection.execute(
                "SELECT min(start) FROM statistics JOIN series ON series.id = series"
                " WHERE kind = ? AND outlet = ?",
                (kind, outlet),
            ).fetchone()
        grid = HOUR_S if kind.endswith("m") else DAY_S
        while begin is not None and begin < limit:
            whole = limit if kind in ("1d", "1M") else (begin // grid + 1) * grid
            end = min(limit, whole)
            yield "statistics", scope, begin, end
            begin = end


def _key(at: float) -> int:
    return int(at * 1000) << 16
