"""Deductions of outlets. None is deleted: what is taken back stays, with when and why."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from agent.health import Deduction, DeductionKind
from agent.store import journal

_COLUMNS = "id, ref, outlet, kind, at, points, events, source, text"
AGENT = "agent"


def add(connection: sqlite3.Connection, one: Deduction, *, now: float, who: str = AGENT) -> bool:
    """Store a deduction, journalled; False when that fact has cost its points already."""
    row = connection.execute(
        "INSERT OR IGNORE INTO deductions"
        " (ref, outlet, kind, at, points, events, source, text, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            one.ref,
            one.outlet,
            one.kind.value,
            one.at,
            one.points,
            json.dumps(one.events),
            one.source,
            one.text,
            now,
        ),
    )
    if row.rowcount != 1:
        return False
    kept = dataclasses.replace(one, id=int(row.lastrowid or 0))
    journal.add(connection, "deduction", dataclasses.asdict(kept), at=now, who=who)
    return True


def void(
    connection: sqlite3.Connection, ref: str, *, why: str, now: float, who: str = AGENT
) -> bool:
    """Take a deduction back, journalled; False when there is none that counts."""
    row = connection.execute(
        "UPDATE deductions SET voided_at = ?, void_why = ? WHERE ref = ? AND voided_at IS NULL",
        (now, why, ref),
    )
    if row.rowcount == 1:
        detail = {"ref": ref, "why": why}
        journal.add(connection, "deduction taken back", detail, at=now, who=who)
    return row.rowcount == 1


def counting(connection: sqlite3.Connection, outlet: str, since: float) -> list[Deduction]:
    """Give the deductions of an outlet that count, of what happened after `since`, in order."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM deductions WHERE outlet = ? AND at > ? AND voided_at IS NULL"
        " ORDER BY at, id",
        (outlet, since),
    )
    return [_deduction(row) for row in rows]


def settle(
    connection: sqlite3.Connection,
    outlet: str,
    wanted: Iterable[Deduction],
    *,
    start: float,
    end: float,
    now: float,
) -> tuple[list[Deduction], list[str]]:
    """Let what the agent deducts of [start, end) be these, and no others.

    A contradicted stop stays: its case forgets its older times. Gives what is new and what was
    taken back. What comes back a second time counts again, as the row that it was.
    """
    targets = {one.ref: one for one in wanted}
    new, gone = [], []
    known = connection.execute(
        "SELECT ref, kind, voided_at IS NOT NULL FROM deductions"
        " WHERE outlet = ? AND source = ? AND at >= ? AND at < ?",
        (outlet, AGENT, start, end),
    ).fetchall()
    for ref, kind, voided in known:
        if ref not in targets and not voided and kind != DeductionKind.STOP_CONTRADICTED:
            void(connection, ref, why="no longer so", now=now)
            gone.append(ref)
        elif ref in targets and voided:
            connection.execute(
                "UPDATE deductions SET voided_at = NULL, void_why = '' WHERE ref = ?", (ref,)
            )
            journal.add(connection, "deduction again", {"ref": ref}, at=now)
    held = {ref for ref, _, _ in known}
    for ref, one in targets.items():
        if ref not in held and add(connection, one, now=now):
            new.append(one)
    return new, gone


def _deduction(row: tuple[Any, ...]) -> Deduction:
    number, ref, outlet, kind, at, points, events, source, text = row
    return Deduction(
        ref,
        outlet,
        DeductionKind(kind),
        at,
        points,
        tuple(json.loads(events)),
        source,
        text,
        id=number,
    )
