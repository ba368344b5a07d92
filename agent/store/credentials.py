"""Passwords and keys that platforms set, over those of the site file.

A new one is *next* until the platform was told that it is in force, then it takes its place and
the one before stays *previous* for a while, for what is still under way. A power cut at any moment
leaves both sides able to talk. What the file says now is compared by a keyed hash: when the file
changed, the file is right again.

`cryptography` is loaded only where a platform has set something.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

Name = Literal["pw", "key"]
GRACE_S = 86_400.0
"""How long what was replaced still opens what comes down."""


@dataclass(frozen=True, slots=True)
class StationCredentials:
    """What a station's frames need beside the MN.

    `previous_key` opens what is under way; `previous_pw` fits only requests that are repeated.
    `set_by` says whose each is, where it is not the file's.
    """

    pw: str = field(repr=False)
    key: str | None = field(default=None, repr=False)
    previous_key: str | None = field(default=None, repr=False)
    previous_pw: str | None = field(default=None, repr=False)
    key_set_at: float | None = None
    set_by: tuple[tuple[str, str], ...] = ()

    def of_file(self, name: str) -> str:
        """Give the value by its name, empty where there is none."""
        return (self.pw if name == "pw" else self.key) or ""


@dataclass(frozen=True, slots=True)
class Held:
    """One row, closed."""

    name: str
    sealed: bytes = field(repr=False)
    file: str
    set_at: float
    until: float | None
    source: str


def close(
    directory: Path,
    station: str,
    *,
    name: Name,
    value: str,
    given: StationCredentials,
    now: float,
    source: str,
) -> Held:
    """Make the row of a new value, not in force yet. `given` is what the file says.

    Raises StoreError where the machine key is not to be had.
    """
    from agent.store import vault

    key, place = vault.machine_key(directory), f"{station}/{name}"
    return Held(
        f"next_{name}",
        vault.seal(key, value, place=place),
        vault.mark(key, given.of_file(name), place=place),
        now,
        None,
        source,
    )


def put(connection: sqlite3.Connection, station: str, held: Held) -> None:
    """Keep a row; one of that name gives way."""
    connection.execute(
        "INSERT OR REPLACE INTO credentials VALUES (?, ?, ?, ?, ?, ?, ?)",
        (station, held.name, held.sealed, held.file, held.set_at, held.until, held.source),
    )


def promote(
    connection: sqlite3.Connection,
    directory: Path,
    station: str,
    *,
    name: Name,
    given: StationCredentials,
    now: float,
) -> None:
    """Put the next value in force: the platform knows. Does nothing where there is none."""
    rows = {row.name: row for row in _held(connection, station)}
    coming, before = rows.get(f"next_{name}"), rows.get(name)
    if coming is None:
        return
    if before is None or before.file != coming.file:  # the file's own was in force
        before = close(
            directory, station, name=name, value=given.of_file(name), given=given, now=now,
            source="site file",
        )  # fmt: skip
    forget(connection, station, (f"next_{name}",))
    put(connection, station, replace(coming, name=name))
    put(connection, station, replace(before, name=f"previous_{name}", until=now + GRACE_S))


def read(
    connection: sqlite3.Connection,
    directory: Path,
    station: str,
    given: StationCredentials,
    *,
    now: float,
) -> StationCredentials:
    """Give what is in force: what the platform set, where the file says what it said then.

    Raises StoreError when a row does not open.
    """
    rows = {row.name: row for row in _valid(connection, directory, station, given)}
    if not rows:
        return given
    from agent.store import vault

    key = vault.machine_key(directory)

    def value(name: str) -> str | None:
        row = rows.get(name)
        if row is None or (row.until is not None and now >= row.until):
            return None
        place = f"{station}/{name.removeprefix('previous_')}"
        return vault.open_sealed(key, row.sealed, place=place) or None

    return StationCredentials(
        pw=value("pw") or given.pw,
        key=value("key") or given.key,
        previous_key=value("previous_key") or given.previous_key,
        previous_pw=value("previous_pw"),
        key_set_at=rows["key"].set_at if "key" in rows else given.key_set_at,
        set_by=tuple((name, rows[name].source) for name in ("pw", "key") if name in rows),
    )


def stale(
    connection: sqlite3.Connection, directory: Path, station: str, given: StationCredentials
) -> tuple[str, ...]:
    """Name the rows over which the file won: it says something else than it did then."""
    valid = {row.name for row in _valid(connection, directory, station, given)}
    return tuple(row.name for row in _held(connection, station) if row.name not in valid)


def forget(connection: sqlite3.Connection, station: str, names: tuple[str, ...]) -> None:
    """Drop rows of a station."""
    connection.executemany(
        "DELETE FROM credentials WHERE station = ? AND name = ?",
        [(station, name) for name in names],
    )


def sources(connection: sqlite3.Connection) -> list[tuple[str, str, float, str]]:
    """Give (station, name, set at, source) of all that platforms set; never the values."""
    return connection.execute(
        "SELECT station, name, set_at, source FROM credentials"
        " WHERE name IN ('pw', 'key', 'next_pw', 'next_key') ORDER BY station, name"
    ).fetchall()


def _valid(
    connection: sqlite3.Connection, directory: Path, station: str, given: StationCredentials
) -> Iterator[Held]:
    rows = _held(connection, station)
    if not rows:
        return
    from agent.store import vault

    key = vault.machine_key(directory)
    for row in rows:
        name = row.name.rpartition("_")[2]
        mark = vault.mark(key, given.of_file(name), place=f"{station}/{name}")
        if mark == row.file:
            yield row


def _held(connection: sqlite3.Connection, station: str) -> list[Held]:
    rows = connection.execute(
        "SELECT name, sealed, file, set_at, until, source FROM credentials WHERE station = ?",
        (station,),
    )
    return [Held(*row) for row in rows]
