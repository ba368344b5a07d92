"""Checks a store against its own journal, and the journal against a head that was published."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agent.store import journal
from agent.store.seals import DAY_S, HOUR_S, digest, late_digest, names_digest

_PRUNED_GRID = {"samples": HOUR_S, "minutes": HOUR_S, "statistics": DAY_S, "results": 1}
_UNSEALED = {
    "samples": "SELECT count(*) FROM samples WHERE key >= ? AND epoch = CAST(? AS INTEGER)",
    "measurements": "SELECT count(*) FROM measurements WHERE id >= ?",
    "statistics": (
        "SELECT count(*) FROM statistics t JOIN series s ON s.id = t.series"
        " WHERE start >= ? AND t.kind || '/' || s.outlet = ?"
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that does not fit, or one of several. `seq` is the line of the journal."""

    what: str
    where: str
    seq: int | None = None


@dataclass(slots=True)
class Looked:
    """What was looked at: how many lines, seals and rows fit, and how many are not sealed yet."""

    lines: int = 0
    head: str = ""
    seals: int = 0
    rows: int = 0
    late: int = 0
    pruned: int = 0
    unsealed: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(connection: sqlite3.Connection, *, head: str | None = None) -> Looked:
    """Look through a store; `head` is a hash of the journal's that was published some day."""
    looked = Looked(head=journal.head(connection))
    (looked.lines,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    broken = journal.broken_at(connection)
    if broken is not None:
        looked.faults.append(
            Fault("chain", f"line {broken} does not follow the one before", broken)
        )
        return looked
    if head is not None and not _holds(connection, head):
        looked.faults.append(Fault("head", f"no line has the published hash {head}"))
    lines = _lines(connection)
    for look in (_seals, _late_rows, _names):
        looked.faults += look(connection, lines, looked)
    return looked


def _holds(connection: sqlite3.Connection, head: str) -> bool:
    found = connection.execute("SELECT 1 FROM journal WHERE hash = ?", (head,)).fetchone()
    return found is not None or head == journal.FIRST


@dataclass(frozen=True, slots=True)
class _Lines:
    sealed: list[tuple[int, float, dict[str, Any]]]
    """Line, its time, its content."""
    late: dict[str, dict[str, str]]
    pruned: dict[str, float]
    """Up to which instant what kind of row was given up, as the journal says."""


def _lines(connection: sqlite3.Connection) -> _Lines:
    sealed: list[tuple[int, float, dict[str, Any]]] = []
    late: dict[str, dict[str, str]] = {}
    pruned: dict[str, float] = {}
    for seq, at, what, text in connection.execute(
        "SELECT seq, at, what, detail FROM journal WHERE what IN ('sealed', 'pruned', 'gave way')"
        " ORDER BY seq"
    ):
        detail = json.loads(text)
        if what == "sealed":
            sealed.append((seq, at, detail))
            for one in detail["late"]:
                late.setdefault(one["table"], {})[one["row"]] = one["sha256"]
        elif detail["what"] in _PRUNED_GRID:
            grid = _PRUNED_GRID[detail["what"]]
            # a range that was cut through can be checked no more
            before = -(-float(detail["before"]) // grid) * grid
            pruned[detail["what"]] = max(before, pruned.get(detail["what"], 0.0))
    return _Lines(sealed, late, pruned)


def _seals(connection: sqlite3.Connection, lines: _Lines, looked: Looked) -> Iterator[Fault]:
    reached: dict[tuple[str, str], int] = {}
    for seq, at, detail in lines.sealed:
        for one in detail["seals"]:
            table, scope, begin, end = one["table"], one["scope"], one["begin"], one["end"]
            where = f"{table} {scope} {_place(table, begin, end)}"
            if reached.setdefault((table, scope), begin) != begin:
                yield Fault("hole", f"{where}: a seal before it is missing", seq)
            reached[table, scope] = end
            gone = _gone(lines, table, scope)
            # results are given up by when they came: before their seal was made
            if (at if table == "measurements" else begin) < gone:
                looked.pruned += 1
                continue
            late = lines.late.get(table, {})
            rows, found = digest(connection, table, scope, begin, end, besides=late)
            if rows != one["rows"]:
                yield Fault("rows", f"{where}: {one['rows']} rows sealed, {rows} there", seq)
            elif found != one["sha256"]:
                yield Fault("changed", f"{where}: not as it was sealed", seq)
            looked.seals += 1
            looked.rows += rows
    for (table, scope), end in reached.items():
        asked = (end,) if table == "measurements" else (end, scope)
        looked.unsealed += connection.execute(_UNSEALED[table], asked).fetchone()[0]


def _late_rows(connection: sqlite3.Connection, lines: _Lines, looked: Looked) -> Iterator[Fault]:
    for table, rows in lines.late.items():
        for row, sealed in rows.items():
            found = late_digest(connection, table, row)
            if found is None and _late_at(table, row) < _gone(lines, table, row):
                looked.pruned += 1
            elif found is None:
                yield Fault("rows", f"{table} {row}: sealed and gone")
            elif found != sealed:
                yield Fault("changed", f"{table} {row}: not as it was sealed")
            else:
                looked.late += 1


def _names(connection: sqlite3.Connection, lines: _Lines, looked: Looked) -> Iterator[Fault]:
    if not lines.sealed:
        return
    seq, _, detail = lines.sealed[-1]
    for table, one in detail["names"].items():
        if names_digest(connection, table, one["last"]) != one["sha256"]:
            yield Fault("changed", f"{table}: not the names that were sealed", seq)


def _gone(lines: _Lines, table: str, scope: str) -> float:
    """Give below which `begin` the rows of a scope were given up."""
    if table == "samples":
        return lines.pruned.get("samples", 0.0) * 1000 * 65_536
    if table == "measurements":
        return lines.pruned.get("results", 0.0)
    kind = scope.partition("/")[0]
    return lines.pruned.get("minutes" if kind.endswith("m") else "statistics", 0.0)


def _late_at(table: str, row: str) -> int:
    return int(row) if table == "samples" else int(row.split("/")[1])


def _place(table: str, begin: int, end: int) -> str:
    if table == "samples":
        begin, end = (begin >> 16) // 1000, (end >> 16) // 1000
    return f"{begin}..{end}"
