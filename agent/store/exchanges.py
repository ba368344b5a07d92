"""Which instrument stood at a place, since when, and by whose act. Rows are never altered."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """One act. `kind`: found (first known), exchange, standby (`other` stands in), main (back).

    `serial` is what stands there from `at` on, `before` what stood there.
    """

    device: str
    kind: str
    at: float
    serial: str
    before: str = ""
    other: str = ""
    who: str = ""
    why: str = ""


_COLUMNS = "device, kind, at, serial, before, other, who, why"


def add(connection: sqlite3.Connection, act: Exchange) -> int:
    """Write an act down and give its number."""
    row = connection.execute(
        f"INSERT INTO exchanges ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (act.device, act.kind, act.at, act.serial, act.before, act.other, act.who, act.why),
    )
    return int(row.lastrowid or 0)


def standing(connection: sqlite3.Connection, device: str) -> Exchange | None:
    """Give the act that brought the instrument that stands there now."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM exchanges WHERE device = ? AND kind IN ('found', 'exchange')"
        " ORDER BY id DESC LIMIT 1",
        (device,),
    ).fetchone()
    return Exchange(*row) if row else None


def stand_in(connection: sqlite3.Connection, device: str) -> str:
    """Give the device that stands in for this one now; empty when it works itself."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM exchanges WHERE device = ? AND kind IN ('standby', 'main')"
        " ORDER BY id DESC LIMIT 1",
        (device,),
    ).fetchone()
    return Exchange(*row).other if row else ""


def of(connection: sqlite3.Connection, device: str) -> list[Exchange]:
    """Give every act at one place, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM exchanges WHERE device = ? ORDER BY id", (device,)
    )
    return [Exchange(*row) for row in rows]
