"""Whether an outlet was being tended at a moment: switch, key or confirmed mark of maintenance."""

from __future__ import annotations

import sqlite3

from agent.model import MarkKind
from agent.store import marks

_SWITCHED = (
    "SELECT 1 FROM maintenance WHERE outlet = ? AND factor IN ('', ?) AND began_at <= ?"
    " AND coalesce(ended_at, until) >= ? LIMIT 1"
)


def tended(connection: sqlite3.Connection, outlet: str, factor: str, at: float) -> bool:
    """Say whether 维护 or 校准 was switched on or is a confirmed mark of the outlet then.

    A mark or switch of one factor tends that factor alone; an empty `factor` asks for the whole
    outlet, of which any mark of instruments will do.
    """
    if connection.execute(_SWITCHED, (outlet, factor, at, at)).fetchone() is not None:
        return True
    return any(
        mark.kind is MarkKind.EQUIPMENT and (not factor or mark.factor in (None, factor))
        for mark in marks.between(connection, int(at), int(at) + 1, outlet=outlet)
    )
