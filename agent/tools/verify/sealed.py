"""Holds rows against the seals that a journal has of them, in a store or laid out of a bundle."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from agent.store import identity, signatures
from agent.store.seals import DAY_S, HOUR_S, digest, late_digest, names_digest

PRUNED_GRID = {
    "samples": HOUR_S, "minutes": HOUR_S, "statistics": DAY_S, "results": 1,
    "marks": 1, "manual_values": 1, "checks": 1, "bottles": 1,
}  # fmt: skip
"""What is given up, and how the seals of it are cut: one that was cut through fits no more."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not fit. `seq` is the line of the journal that says otherwise."""

    what: str
    where: str
    seq: int | None = None


@dataclass(slots=True)
class Looked:
    """What was looked at and fits, and what cannot be told."""

    lines: int = 0
    head: str = ""
    seals: int = 0
    rows: int = 0
    late: int = 0
    told: int = 0
    """Rows that stand whole in the journal, and are so."""
    pruned: int = 0
    outside: int = 0
    """Seals and late rows that a bundle does not reach to."""
    unsealed: int = 0
    signed: int = 0
    key: str = ""
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SealedRange:
    """One seal as the journal has it, with the line it stands in and that line's time."""

    seq: int
    at: float
    table: str
    scope: str
    begin: int
    end: int
    rows: int
    sha256: str
    after: float = 0.0
    """When the seal before it was made: what it covers came since then."""

    @property
    def span(self) -> tuple[float, float]:
        """From when to when its rows are, UTC; those of results are given up by when they came."""
        if self.table == "samples":
            return (self.begin >> 16) / 1000, (self.end >> 16) / 1000
        if self.table == "measurements":
            return self.after, self.at
        return float(self.begin), float(self.end)

    @property
    def where(self) -> str:
        """Name it in words."""
        begin, end = self.begin, self.end
        if self.table == "samples":
            begin, end = (begin >> 16) // 1000, (end >> 16) // 1000
        return f"{self.table} {self.scope} {begin}..{end}"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Everything that a journal says of seals."""

    ranges: list[SealedRange]
    late: dict[str, dict[str, str]]
    names: dict[str, Any]
    gone: dict[str, list[tuple[float, float]]]
    """From when to when what kind of row was given up; between are frozen parts."""

    def gave_up(self, table: str, scope: str, begin: float, end: float) -> bool:
        """Say whether rows of [begin, end], UTC, were given up."""
        what = {"samples": "samples", "measurements": "results"}.get(table)
        if what is None:
            what = "minutes" if scope.partition("/")[0].endswith("m") else "statistics"
        return any(since <= end and begin < before for since, before in self.gone.get(what, ()))

    def gave_up_row(self, table: str, row: str) -> bool:
        """Say whether a row that came late was given up."""
        at = (int(row) >> 16) / 1000 if table == "samples" else float(row.split("/")[1])
        return self.gave_up(table, row, at, at)

    def gave_up_told(self, table: str, begin: float, end: float) -> bool:
        """Say whether a row of a table that the journal has whole was given up: by its end."""
        return any(since <= begin and end < before for since, before in self.gone.get(table, ()))

    def lacks(self, one: SealedRange) -> bool:
        """Say whether rows of a seal were given up, and the journal says so."""
        begin, end = one.span
        # all but results lie before the end of their seal
        return self.gave_up(one.table, one.scope, begin, end if one.table == "measurements" else
                            max(begin, end - 0.001))  # fmt: skip


def read(connection: sqlite3.Connection) -> Sealed:
    """Read a journal."""
    found = Sealed([], {}, {}, {})
    made: dict[tuple[str, str], float] = {}
    for seq, at, what, text in connection.execute(
        "SELECT seq, at, what, detail FROM journal WHERE what IN ('sealed', 'pruned', 'gave way')"
        " ORDER BY seq"
    ):
        detail = json.loads(text)
        if what == "sealed":
            for one in detail["seals"]:
                scope = one["table"], one["scope"]
                found.ranges.append(SealedRange(seq, at, **one, after=made.get(scope, 0.0)))
                made[scope] = at
            found.names.update(detail["names"])
            for one in detail["late"]:
                found.late.setdefault(one["table"], {})[one["row"]] = one["sha256"]
        elif detail["what"] in PRUNED_GRID:
            grid = PRUNED_GRID[detail["what"]]
            before = -(-float(detail["before"]) // grid) * grid
            since = detail["since"] // grid * grid if "since" in detail else -math.inf
            found.gone.setdefault(detail["what"], []).append((since, before))
    return found


def range_faults(
    connection: sqlite3.Connection,
    sealed: Sealed,
    looked: Looked,
    *,
    expected: Callable[[SealedRange], bool],
) -> Iterator[Fault]:
    """Hash again each range that is expected to be there."""
    for one in sealed.ranges:
        if not expected(one):
            lacks = sealed.lacks(one)
            looked.pruned, looked.outside = looked.pruned + lacks, looked.outside + (not lacks)
            continue
        besides = sealed.late.get(one.table, {})
        rows, found = digest(connection, one.table, one.scope, one.begin, one.end, besides=besides)
        if rows != one.rows:
            yield Fault("rows", f"{one.where}: {one.rows} rows sealed, {rows} there", one.seq)
        elif found != one.sha256:
            yield Fault("changed", f"{one.where}: not as it was sealed", one.seq)
        looked.seals += 1
        looked.rows += rows


def late_faults(
    connection: sqlite3.Connection,
    sealed: Sealed,
    looked: Looked,
    *,
    expected: Callable[[str, str], bool],
) -> Iterator[Fault]:
    """Hash again each row that came into a range that was sealed before."""
    for table, rows in sealed.late.items():
        for row, told in rows.items():
            found = late_digest(connection, table, row)
            if found is None and not expected(table, row):
                lacks = sealed.gave_up_row(table, row)
                looked.pruned, looked.outside = looked.pruned + lacks, looked.outside + (not lacks)
            elif found is None:
                yield Fault("rows", f"{table} {row}: sealed and gone")
            elif found != told:
                yield Fault("changed", f"{table} {row}: not as it was sealed")
            else:
                looked.late += 1


def name_faults(connection: sqlite3.Connection, sealed: Sealed) -> Iterator[Fault]:
    """Hash again what the numbers in packed samples mean."""
    for table, one in sealed.names.items():
        if names_digest(connection, table, one["last"]) != one["sha256"]:
            yield Fault("changed", f"{table}: not the names that were sealed")


def signature_faults(connection: sqlite3.Connection, looked: Looked) -> Iterator[Fault]:
    """Check the daily signatures in the journal, each with the key that it names."""
    for seq, one in signatures.all_of(connection):
        if identity.signed_by(one.key, one.text(), one.signature):
            looked.signed, looked.key = looked.signed + 1, one.key
        else:
            yield Fault("signature", f"line {seq}: the head of that day is not signed", seq)
