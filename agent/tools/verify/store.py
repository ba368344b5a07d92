"""Checks a store against its own journal, and the journal against a head that was published."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from agent.store import journal, signatures
from agent.tools.verify.bottles import bottle_faults
from agent.tools.verify.sealed import (
    Fault,
    Looked,
    Sealed,
    late_faults,
    name_faults,
    range_faults,
    read,
    signature_faults,
)
from agent.tools.verify.told import told_faults

_UNSEALED = {
    "samples": "SELECT count(*) FROM samples WHERE key >= ? AND epoch = CAST(? AS INTEGER)",
    "measurements": "SELECT count(*) FROM measurements WHERE id >= ?",
    "statistics": (
        "SELECT count(*) FROM statistics t JOIN series s ON s.id = t.series"
        " WHERE start >= ? AND t.kind || '/' || s.outlet = ?"
    ),
}


def verify_store(
    connection: sqlite3.Connection, *, head: str | None = None, key: str | None = None
) -> Looked:
    """Look through a store; `head` is a hash of the journal's that was published some day.

    `key` is the public key that every signed head must be signed with, and one must be there.
    """
    looked = Looked(head=journal.head(connection))
    (looked.lines,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    broken = journal.broken_at(connection)
    if broken is not None:
        # nothing that such a journal says can be relied on
        looked.faults.append(
            Fault("chain", f"line {broken} does not follow the one before", broken)
        )
        return looked
    looked.faults += _faults(connection, read(connection), looked, head)
    if key is not None:
        looked.faults += _strangers(connection, key.lower())
    return looked


def _strangers(connection: sqlite3.Connection, key: str) -> Iterator[Fault]:
    """Name what is signed with another key than the one that is known."""
    found = signatures.all_of(connection)
    if not found:
        yield Fault("key", f"nothing is signed with {key}")
    for seq, one in found:
        if one.key != key:
            yield Fault("key", f"line {seq}: signed with {one.key}, not with {key}", seq)


def _faults(
    connection: sqlite3.Connection, sealed: Sealed, looked: Looked, head: str | None
) -> Iterator[Fault]:
    if head is not None and not journal.holds(connection, head):
        yield Fault("head", f"no line has the published hash {head}")
    yield from _holes(connection, sealed, looked)
    yield from range_faults(connection, sealed, looked, expected=lambda one: not sealed.lacks(one))
    yield from late_faults(
        connection, sealed, looked, expected=lambda table, row: not sealed.gave_up_row(table, row)
    )
    yield from name_faults(connection, sealed)
    yield from told_faults(
        connection, sealed, looked, expected=lambda _table, _begin, _end: True, whole=True
    )
    yield from bottle_faults(connection, sealed, looked, whole=True)
    yield from signature_faults(connection, looked)


def _holes(connection: sqlite3.Connection, sealed: Sealed, looked: Looked) -> Iterator[Fault]:
    """See that the seals of a scope follow each other, and count what none covers yet."""
    reached: dict[tuple[str, str], int] = {}
    for one in sealed.ranges:
        if reached.setdefault((one.table, one.scope), one.begin) != one.begin:
            yield Fault("hole", f"{one.where}: a seal before it is missing", one.seq)
        reached[one.table, one.scope] = one.end
    for (table, scope), end in reached.items():
        asked = (end,) if table == "measurements" else (end, scope)
        looked.unsealed += connection.execute(_UNSEALED[table], asked).fetchone()[0]
