"""Fault tickets and their clocks (QC-04: HJ 75-2017 §11.5, K)."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.store import journal

What = Literal["instrument", "logger"]
Step = Literal["on_site", "repaired", "spare", "closed"]
HOUR_S = 3600
ON_SITE_H, REPAIR_H, LOGGER_H, SPARE_H = 4, 8, 12, 72
STEPS: tuple[Step, ...] = ("on_site", "repaired", "spare", "closed")
_ORDER: Mapping[Step, int] = {"on_site": 0, "repaired": 1, "spare": 1, "closed": 2}
"""Nobody repairs before he is there, and nothing comes after the end."""

_COLUMNS = (
    "id, outlet, device, what, opened_at, on_site_at, repaired_at, spare_at, closed_at, text,"
    " made_by"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One ticket. A moment that has not come is None."""

    id: int
    outlet: str
    device: str
    what: What
    opened_at: float
    text: str
    made_by: str
    on_site_at: float | None = None
    repaired_at: float | None = None
    spare_at: float | None = None
    closed_at: float | None = None

    @property
    def over_at(self) -> float | None:
        """When it was over: repaired, a spare took over, or closed; whichever came first."""
        ends = [at for at in (self.repaired_at, self.spare_at, self.closed_at) if at is not None]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class DeadlineOf:
    """One clock of a ticket: what must have happened by when, and when it did."""

    step: str
    due_at: float
    done_at: float | None

    def late(self, now: float) -> bool:
        """Say whether it was missed, or is being missed now. Done at the last second is in time."""
        return (now if self.done_at is None else self.done_at) > self.due_at


def clocks(fault: Fault) -> Iterator[DeadlineOf]:
    """Give the clocks of a ticket: 4 h on site, 8 h (logger 12 h) repaired, 72 h a spare."""
    opened, over = fault.opened_at, fault.over_at
    yield DeadlineOf("on_site", opened + ON_SITE_H * HOUR_S, _first(fault.on_site_at, over))
    hours = LOGGER_H if fault.what == "logger" else REPAIR_H
    yield DeadlineOf("repaired", opened + hours * HOUR_S, over)
    if fault.what == "instrument":
        yield DeadlineOf("spare", opened + SPARE_H * HOUR_S, over)


def open_ticket(
    connection: sqlite3.Connection,
    outlet: str,
    device: str,
    *,
    what: What,
    text: str,
    opened_at: float,
    by: str,
    why: str,
    now: float,
) -> Fault | None:
    """Open a ticket, journalled; None where the same one is open already."""
    ref = f"{outlet}:{device}:{opened_at!r}"
    row = connection.execute(
        "INSERT OR IGNORE INTO faults (ref, outlet, device, what, opened_at, text, made_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (ref, outlet, device, what, opened_at, text, by),
    )
    if row.rowcount != 1:
        return None
    return _told(connection, int(row.lastrowid or 0), "opened", by=by, why=why, now=now)


def step(
    connection: sqlite3.Connection,
    fault: int,
    name: Step,
    *,
    at: float,
    by: str,
    why: str,
    now: float,
) -> Fault:
    """Note what happened to a ticket, journalled with the whole row.

    Raises KeyError when there is no such ticket, ValueError when that was noted before, lies
    before its opening or out of order with another step, or the ticket is closed.
    """
    before = get(connection, fault)
    if before is None:
        raise KeyError(fault)
    if getattr(before, f"{name}_at") is not None or before.closed_at is not None:
        raise ValueError(f"{name}: noted before, or the ticket is closed")
    if at < before.opened_at:
        raise ValueError(f"{name}: before the fault was opened")
    for other, place in _ORDER.items():
        there = getattr(before, f"{other}_at")
        if there is not None and (there - at) * (place - _ORDER[name]) < 0:
            raise ValueError(f"{name}: out of order with {other}")
    connection.execute(f"UPDATE faults SET {name}_at = ? WHERE id = ?", (at, fault))
    return _told(connection, fault, name, by=by, why=why, now=now)


def get(connection: sqlite3.Connection, fault: int) -> Fault | None:
    """Give one ticket."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM faults WHERE id = ?", (fault,)).fetchone()
    return None if row is None else _fault(row)


def listed(connection: sqlite3.Connection, *, open_only: bool = True) -> list[Fault]:
    """Give the tickets, the oldest first."""
    where = " WHERE closed_at IS NULL" if open_only else ""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM faults{where} ORDER BY opened_at, id")
    return [_fault(row) for row in rows]


def _told(
    connection: sqlite3.Connection, fault: int, what: str, *, by: str, why: str, now: float
) -> Fault:
    after = get(connection, fault)
    assert after is not None
    detail: Mapping[str, object] = {**dataclasses.asdict(after), "why": why}
    journal.add(connection, f"fault {what}", detail, at=now, who=by)
    return after


def _first(*moments: float | None) -> float | None:
    return min((at for at in moments if at is not None), default=None)


def _fault(row: tuple[Any, ...]) -> Fault:
    number, outlet, device, what, opened_at, on_site, repaired, spare, closed, text, by = row
    return Fault(
        number, outlet, device, what, opened_at, text, by, on_site, repaired, spare, closed
    )
