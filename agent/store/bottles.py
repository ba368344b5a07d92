"""Bottles that samplers kept: one row each, from filling to hand-over (SMP-07, SMP-09)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bottle:
    """One kept bottle; times are UTC epoch seconds. What has not happened is None.

    `guarded`: kept for an exceedance or an order, so only inspector or platform release it.
    `touched_at` stands until somebody confirms that the bottle is as it was.
    """

    id: int
    ref: str
    code: str
    sampler: str
    bottle: int
    outlet: str
    mode: str
    factors: tuple[Mapping[str, Any], ...]
    sampled_at: int | None
    kept_at: float
    noted_at: float
    vessel: str
    volume_ml: float
    temperature: float | None
    action: int
    guarded: bool
    keep_until: float
    touched_at: float | None = None
    confirmed_by: str | None = None
    confirmed_at: float | None = None
    released_by: str | None = None
    released_at: float | None = None
    release_why: str = ""
    handed_to: str | None = None
    handed_by: str | None = None
    handed_at: float | None = None
    seal: str | None = None
    seal_sha256: str | None = None
    gone_at: float | None = None


_COLUMNS = (
    "id, ref, code, sampler, bottle, outlet, mode, factors, sampled_at, kept_at, noted_at, vessel,"
    " volume_ml, temperature, action, guarded, keep_until, touched_at, confirmed_by, confirmed_at,"
    " released_by, released_at, release_why, handed_to, handed_by, handed_at, seal, seal_sha256,"
    " gone_at"
)
_NEW = _COLUMNS.split(", ")[1:17]


def add(connection: sqlite3.Connection, bottle: Bottle) -> int | None:
    """Write a bottle down (the id given is not used); None when that `ref` was there before."""
    values = [getattr(bottle, name) for name in _NEW]
    values[_NEW.index("factors")] = json.dumps(bottle.factors, ensure_ascii=False)
    marks = ", ".join("?" * len(values))
    row = connection.execute(
        f"INSERT OR IGNORE INTO bottles ({', '.join(_NEW)}) VALUES ({marks})", values
    )
    return row.lastrowid if row.rowcount == 1 else None


def there(connection: sqlite3.Connection, sampler: str | None = None) -> list[Bottle]:
    """Give the bottles that are in their samplers, as far as is known, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM bottles WHERE gone_at IS NULL AND (? IS NULL OR sampler = ?)"
        " ORDER BY id",
        (sampler, sampler),
    )
    return [_bottle(row) for row in rows]


def newest(connection: sqlite3.Connection, limit: int = 100) -> list[Bottle]:
    """Give the newest bottles, wherever they are now, newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM bottles ORDER BY id DESC LIMIT ?", (limit,))
    return [_bottle(row) for row in rows]


def between(
    connection: sqlite3.Connection, begin: float, end: float, *, limit: int = 200
) -> list[Bottle]:
    """Give the bottles that were in their samplers in [begin, end), oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM bottles WHERE noted_at < ? AND coalesce(gone_at, ?) >= ?"
        " ORDER BY id DESC LIMIT ?",
        (end, end, begin, limit),
    )
    return [_bottle(row) for row in rows][::-1]


def find(connection: sqlite3.Connection, code: str) -> Bottle | None:
    """Give a bottle by the code on its label."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM bottles WHERE code = ?", (code,)).fetchone()
    return _bottle(row) if row else None


def touch(connection: sqlite3.Connection, ids: Iterable[int], *, at: float) -> None:
    """Note that the door was opened on bottles: confirmed or not, they are touched anew."""
    connection.executemany(
        "UPDATE bottles SET touched_at = ?, confirmed_by = NULL, confirmed_at = NULL WHERE id = ?",
        [(at, one) for one in ids],
    )


def confirm(connection: sqlite3.Connection, bottle: int, *, at: float, by: str) -> None:
    """Note that somebody found a touched bottle as it was."""
    connection.execute(
        "UPDATE bottles SET confirmed_by = ?, confirmed_at = ? WHERE id = ?", (by, at, bottle)
    )


def release(connection: sqlite3.Connection, bottle: int, *, at: float, by: str, why: str) -> bool:
    """Let a bottle go; False when it was released before."""
    row = connection.execute(
        "UPDATE bottles SET released_by = ?, released_at = ?, release_why = ?"
        " WHERE id = ? AND released_at IS NULL",
        (by, at, why, bottle),
    )
    return row.rowcount == 1


def hand_over(
    connection: sqlite3.Connection,
    bottle: int,
    *,
    at: float,
    by: str,
    to: str,
    seal: str,
    sha256: str,
) -> None:
    """Note who took a released bottle, and the photo of its seal."""
    connection.execute(
        "UPDATE bottles SET handed_by = ?, handed_to = ?, handed_at = ?, seal = ?,"
        " seal_sha256 = ? WHERE id = ?",
        (by, to, at, seal, sha256, bottle),
    )


def gone(connection: sqlite3.Connection, bottle: int, *, at: float) -> None:
    """Note that a bottle is not in its sampler any more."""
    connection.execute("UPDATE bottles SET gone_at = ? WHERE id = ?", (at, bottle))


def _bottle(row: tuple[Any, ...]) -> Bottle:
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    fields["factors"] = tuple(json.loads(fields["factors"]))
    fields["guarded"] = bool(fields["guarded"])
    return Bottle(**fields)
