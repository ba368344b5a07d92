"""Marks: proposed, confirmed, refused. Nothing is deleted; each change is a journal line."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.marks import Channel, Record
from agent.model import Mark, MarkKind, MarkState
from agent.store import journal

_COLUMNS = (
    "id, outlet, facility, factors, kind, code, start, end, channel, state, reason, proof,"
    " evidence, objections, made_by, made_at, decided_by, decided_at, why, entered_by, entered_at"
)
_SPANNING = "outlet = ? AND start < ? AND end > ?"
AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Kept:
    """A mark's row: the mark, who made it, who decided on it and why, who entered it where."""

    id: int
    record: Record
    made_by: str
    made_at: float
    decided_by: str | None = None
    decided_at: float | None = None
    why: str = ""
    entered_by: str | None = None
    entered_at: float | None = None

    def row(self) -> dict[str, Any]:
        """Give the whole row, as the journal and `--json` print it."""
        rest = dataclasses.asdict(self)
        return {"id": rest.pop("id"), **rest.pop("record"), **rest}


def add(
    connection: sqlite3.Connection, record: Record, *, by: str, why: str, now: float
) -> Kept | None:
    """Store a mark, journalled; None when this very mark is already there, whatever its state."""
    row = connection.execute(
        "INSERT OR IGNORE INTO marks (ref, outlet, facility, factors, kind, code, start, end,"
        " channel, state, reason, proof, evidence, objections, made_by, made_at, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.ref,
            record.outlet,
            record.facility,
            _text(record.factors),
            record.kind.value,
            record.code,
            record.start,
            record.end,
            record.channel.value,
            record.state.value,
            record.reason,
            record.proof,
            _text(record.evidence),
            _text(record.objections),
            by,
            now,
            why,
        ),
    )
    if row.rowcount != 1:
        return None
    kept = get(connection, int(row.lastrowid or 0))
    assert kept is not None
    journal.add(connection, f"mark {record.state}", kept.row(), at=now, who=by)
    return kept


def decide(
    connection: sqlite3.Connection,
    mark: int,
    state: MarkState,
    *,
    by: str,
    why: str,
    now: float,
    proof: str = "",
    objections: Sequence[str] = (),
) -> Kept:
    """Confirm or refuse a mark, journalled with the whole row. Raises KeyError when unknown."""
    row = connection.execute(
        "UPDATE marks SET state = ?, decided_by = ?, decided_at = ?, why = ?, objections = ?,"
        " proof = CASE WHEN ? = '' THEN proof ELSE ? END WHERE id = ?",
        (state.value, by, now, why, _text(objections), proof, proof, mark),
    )
    if row.rowcount != 1:
        raise KeyError(mark)
    kept = get(connection, mark)
    assert kept is not None
    journal.add(connection, f"mark {state}", kept.row(), at=now, who=by)
    return kept


def enter(connection: sqlite3.Connection, mark: int, *, by: str, now: float) -> Kept:
    """Tick that somebody entered a mark on the platform's own page. Raises KeyError."""
    row = connection.execute(
        "UPDATE marks SET entered_by = ?, entered_at = ? WHERE id = ?", (by, now, mark)
    )
    if row.rowcount != 1:
        raise KeyError(mark)
    kept = get(connection, mark)
    assert kept is not None
    journal.add(connection, "mark entered", kept.row(), at=now, who=by)
    return kept


def get(connection: sqlite3.Connection, mark: int) -> Kept | None:
    """Give one mark."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM marks WHERE id = ?", (mark,)).fetchone()
    return None if row is None else _kept(row)


def listed(connection: sqlite3.Connection, outlet: str, start: int, end: int) -> list[Kept]:
    """Give the marks of an outlet that touch [start, end), in the order of time."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM marks WHERE {_SPANNING} ORDER BY start, end, id",
        (outlet, end, start),
    )
    return [_kept(row) for row in rows]


def between(connection: sqlite3.Connection, start: int, end: int, *, outlet: str) -> list[Mark]:
    """Give what is in force of an outlet in [start, end), exemptions too, factor by factor.

    Automatic marks repeat what the flags said; the reported column has taken account of that, and
    they change nothing more.
    """
    return [
        mark
        for kept in listed(connection, outlet, start, end)
        if kept.record.state is MarkState.CONFIRMED
        and (kept.record.channel is Channel.MANUAL or kept.record.kind is MarkKind.EXEMPTION)
        for mark in kept.record.marks()
    ]


def settle_exemptions(
    connection: sqlite3.Connection,
    outlet: str,
    wanted: Iterable[Record],
    *,
    codes: Collection[str],
    facility: str,
    start: int,
    end: int,
    now: float,
) -> tuple[int, int] | None:
    """Let a facility's exemptions of these codes that begin in [start, end) be these, no others.

    Gives the span that changed, None when nothing did. They follow from confirmed marks, so the
    journal's author is the agent.
    """
    targets = {one.ref: one for one in wanted}
    changed: list[Record] = []
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM marks WHERE outlet = ? AND facility = ? AND kind = ?"
        " AND start >= ? AND start < ?",
        (outlet, facility, MarkKind.EXEMPTION.value, start, end),
    )
    for kept in [_kept(row) for row in rows.fetchall()]:
        if kept.record.code not in codes:
            continue
        state = MarkState.CONFIRMED if kept.record.ref in targets else MarkState.REFUSED
        targets.pop(kept.record.ref, None)
        if kept.record.state is not state:
            decide(connection, kept.id, state, by=AGENT, why="quota", now=now)
            changed.append(kept.record)
    for record in targets.values():
        if add(connection, record, by=AGENT, why="quota", now=now):
            changed.append(record)
    if not changed:
        return None
    return min(one.start for one in changed), max(one.end for one in changed)


def _kept(row: tuple[Any, ...]) -> Kept:
    number, outlet, facility, factors, kind, code, start, end, channel, state, *rest = row
    reason, proof, evidence, objections, *persons = rest
    record = Record(
        outlet,
        tuple(json.loads(factors)),
        MarkKind(kind),
        code,
        start,
        end,
        channel=Channel(channel),
        state=MarkState(state),
        facility=facility,
        reason=reason,
        proof=proof,
        evidence=tuple(json.loads(evidence)),
        objections=tuple(json.loads(objections)),
    )
    made_by, made_at, decided_by, decided_at, why, entered_by, entered_at = persons
    return Kept(
        number, record, made_by, made_at, decided_by, decided_at, why, entered_by, entered_at
    )


def _text(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
