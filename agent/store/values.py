"""Values entered by hand: laboratory results and comparisons, beside what was measured."""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from agent.store import journal

Purpose = Literal["substitute", "comparison"]
OWN, ENFORCEMENT = 1, 2
"""Types of the platform's interface: own monitoring, enforcement."""

_COLUMNS = (
    "outlet, factor, purpose, start, end, value, corrected, unit, method, instrument, type, file,"
    " made_by, made_at, why"
)


@dataclass(frozen=True, slots=True)
class ManualValue:
    """One value of one stretch in the factor's wire unit (domain rules §6, WAT-29b).

    `corrected` is the value at reference oxygen. `file` names the laboratory's file with its
    SHA-256. A comparison stands for nothing; a substitute may stand for a lost day.
    """

    outlet: str
    factor: str
    purpose: Purpose
    start: int
    end: int
    value: float
    unit: str
    method: str
    instrument: str
    type: int = OWN
    corrected: float | None = None
    file: str = ""
    made_by: str = ""
    made_at: float = 0.0
    why: str = ""

    @property
    def ref(self) -> str:
        """What makes two of them the same: told twice it is one value."""
        where = f"{self.outlet}:{self.factor}:{self.purpose}:{self.start}-{self.end}"
        return f"{where}:{self.type}:{self.value!r}"


def add(connection: sqlite3.Connection, value: ManualValue) -> int | None:
    """Store a value, journalled with the whole row; None when this very value is there."""
    row = connection.execute(
        f"INSERT OR IGNORE INTO manual_values (ref, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            value.ref,
            value.outlet,
            value.factor,
            value.purpose,
            value.start,
            value.end,
            value.value,
            value.corrected,
            value.unit,
            value.method,
            value.instrument,
            value.type,
            value.file,
            value.made_by,
            value.made_at,
            value.why,
        ),
    )
    if row.rowcount != 1:
        return None
    number = int(row.lastrowid or 0)
    detail = {"id": number, **dataclasses.asdict(value)}
    journal.add(connection, "manual value", detail, at=value.made_at, who=value.made_by)
    return number


def between(
    connection: sqlite3.Connection,
    start: int,
    end: int,
    *,
    outlet: str,
    factor: str | None = None,
    purpose: Purpose | None = None,
) -> list[tuple[int, ManualValue]]:
    """Give the values that begin in [start, end) with their numbers, in the order of time."""
    rows = connection.execute(
        f"SELECT id, {_COLUMNS} FROM manual_values WHERE outlet = ? AND start >= ? AND start < ?"
        " AND (? IS NULL OR factor = ?) AND (? IS NULL OR purpose = ?) ORDER BY start, id",
        (outlet, start, end, factor, factor, purpose, purpose),
    )
    return [(row[0], _value(row[1:])) for row in rows]


def _value(row: tuple[Any, ...]) -> ManualValue:
    outlet, factor, purpose, start, end, value, corrected, unit, method, instrument, *rest = row
    kind, file, made_by, made_at, why = rest
    return ManualValue(
        outlet,
        factor,
        purpose,
        start,
        end,
        value,
        unit,
        method,
        instrument,
        type=kind,
        corrected=corrected,
        file=file,
        made_by=made_by,
        made_at=made_at,
        why=why,
    )
