"""The signed heads of the journal: one each day, so that what was before can be held against it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from agent.store import journal

WHAT = "signed"
PUBLIC_NAME = "identity.pub"
"""Beside the store, readable by all: the public half of the key, as 64 hex digits."""


@dataclass(frozen=True, slots=True)
class Signed:
    """That the journal stood at `head` in line `seq` at an instant (UTC), signed with `key`."""

    unit: str
    seq: int
    head: str
    at: float
    key: str
    signature: str = ""

    def text(self) -> bytes:
        """Give what is signed."""
        words = ("paikou journal head", self.unit, str(self.seq), self.head, repr(self.at))
        return "\n".join(words).encode()


def public_half(directory: Path) -> str:
    """Give the public half of this agent's key; empty until it has signed once."""
    try:
        return (directory / PUBLIC_NAME).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def present(connection: sqlite3.Connection, *, unit: str, at: float, key: str) -> Signed:
    """Give what there is to sign now."""
    (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
    return Signed(unit, seq, journal.head(connection), float(at), key)


def add(connection: sqlite3.Connection, signed: Signed) -> None:
    """Write a signed head down. Call inside a write transaction."""
    detail = {
        "unit": signed.unit,
        "seq": signed.seq,
        "head": signed.head,
        "at": signed.at,
        "key": signed.key,
        "signature": signed.signature,
    }
    journal.add(connection, WHAT, detail, at=signed.at)


def all_of(connection: sqlite3.Connection) -> list[tuple[int, Signed]]:
    """Give every signed head with its line, oldest first."""
    rows = connection.execute(
        "SELECT seq, detail FROM journal WHERE what = ? ORDER BY seq", (WHAT,)
    )
    return [(seq, Signed(**json.loads(text))) for seq, text in rows]


def newest(connection: sqlite3.Connection) -> Signed | None:
    """Give the last signed head, None before the first."""
    row = connection.execute(
        "SELECT detail FROM journal WHERE what = ? ORDER BY seq DESC LIMIT 1", (WHAT,)
    ).fetchone()
    return None if row is None else Signed(**json.loads(row[0]))
