"""The journal: append-only, every line hashed together with the hash of the line before."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping

FIRST = "0" * 64


def add(
    connection: sqlite3.Connection,
    what: str,
    detail: Mapping[str, object],
    *,
    at: float,
    who: str = "agent",
) -> str:
    """Append a line and give its hash. Call inside a write transaction; from any process.

    `detail` holds no secret: whoever writes it masks first.
    """
    row = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    seq, before = (row[0] + 1, row[1]) if row else (1, FIRST)
    at = float(at)  # as the column gives it back: 5 and 5.0 do not hash alike
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True)
    digest = line_hash(before, seq=seq, at=at, who=who, what=what, detail=text)
    connection.execute(
        "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", (seq, at, who, what, text, digest)
    )
    return digest


def line_hash(before: str, *, seq: int, at: float, who: str, what: str, detail: str) -> str:
    """Hash one line (SHA-256) onto the line before it."""
    text = json.dumps([before, seq, at, who, what, detail], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def head(connection: sqlite3.Connection) -> str:
    """Give the hash of the newest line."""
    row = connection.execute("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return str(row[0]) if row else FIRST


def holds(connection: sqlite3.Connection, head: str) -> bool:
    """Say whether a line has a hash that was published some day; before the first it was FIRST."""
    found = connection.execute("SELECT 1 FROM journal WHERE hash = ?", (head,)).fetchone()
    return found is not None or head == FIRST


def broken_at(connection: sqlite3.Connection, *, first: int = 1, before: str = FIRST) -> int | None:
    """Give the first line that does not fit the chain, None when all do.

    A slice begins with line `first`, behind a line with the hash `before`.
    """
    expected = first
    for seq, at, who, what, detail, digest in connection.execute(
        "SELECT seq, at, who, what, detail, hash FROM journal ORDER BY seq"
    ):
        if seq != expected or digest != line_hash(
            before, seq=seq, at=at, who=who, what=what, detail=detail
        ):
            return int(seq)
        before, expected = digest, seq + 1
    return None
