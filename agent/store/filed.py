"""Parameters as the site file says they were filed (备案): one row each time that changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from agent.store import journal

Filed = Mapping[str, Mapping[str, float]]
"""Device -> parameter -> value."""


def note(
    connection: sqlite3.Connection, outlet: str, filed: Filed, *, sha256: str, now: float
) -> bool:
    """Write a filed set down with its hash, journalled; False when it is the one that is known.

    The head of the journal is signed each day, and the set with it.
    """
    known = newest(connection, outlet)
    if known is not None and known[1] == sha256:
        return False
    if known is None and not filed:
        return False
    text = json.dumps(filed, sort_keys=True, ensure_ascii=False)
    connection.execute(
        "INSERT INTO filed (outlet, at, sha256, detail) VALUES (?, ?, ?, ?)",
        (outlet, now, sha256, text),
    )
    detail = {"outlet": outlet, "sha256": sha256, "filed": filed}
    journal.add(connection, "filed parameters", detail, at=now)
    return True


def newest(connection: sqlite3.Connection, outlet: str) -> tuple[float, str] | None:
    """Give since when the newest filed set of an outlet is known, and its hash."""
    row = connection.execute(
        "SELECT at, sha256 FROM filed WHERE outlet = ? ORDER BY id DESC LIMIT 1", (outlet,)
    ).fetchone()
    return None if row is None else (float(row[0]), str(row[1]))
