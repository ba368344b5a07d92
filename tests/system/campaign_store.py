"""Reads the two files a campaign leaves: the agent's store and the platform's log.

Nothing of ours is imported here: what these tests say must not hang on the code they are about.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]

BEIJING = datetime.timezone(datetime.timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every row of a store, table by table and by key."""

    tables: Mapping[str, Mapping[Key, Row]]
    sound: str

    def __getitem__(self, table: str) -> Mapping[Key, Row]:
        return self.tables[table]

    def rows(self, table: str) -> list[Row]:
        return list(self.tables[table].values())


@dataclass(frozen=True, slots=True)
class Outlet:
    """What the site file says of an outlet, in the words of the store."""

    id: str
    st: str
    continuous: tuple[str, ...]
    batch: tuple[str, ...]
    settle_s: int
    """How long after its end an hour or day may stay open."""


@dataclass(frozen=True, slots=True)
class Station:
    """A station: its MN, its outlets, the length of its minutes."""

    mn: str
    outlets: tuple[str, ...]
    minutes: int = 1


@dataclass(frozen=True, slots=True)
class Site:
    outlets: Mapping[str, Outlet]
    stations: Mapping[str, Station]


KEYS = {
    "series": ("id",),
    "statistics": ("kind", "start", "series", "revision"),
    "samples": ("key",),
    "measurements": ("id",),
    "outbox": ("id",),
    "deliveries": ("station", "cn", "start", "st", "revision"),
    "events": ("id",),
    "actions": ("id",),
    "journal": ("seq",),
    "cursors": ("name",),
    "qn": ("station",),
}


def snapshot(store: Path, aside: Path) -> Snapshot:
    """Copy a store with its log, and read the copy: the original stays as whoever died left it."""
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for suffix in ("", "-wal"):
        source = store.with_name(store.name + suffix)
        if source.exists():
            shutil.copy(source, aside / source.name)
    return read(aside / store.name)


def read(path: Path) -> Snapshot:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
        tables = {name: _table(connection, name, key) for name, key in KEYS.items()}
    return Snapshot(tables, sound)


def platform_lines(path: Path) -> list[Row]:
    """Give the whole lines of the platform's log; one still being written is left out."""
    if not path.exists():
        return []
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def upload(line: Row) -> Key:
    """Name the upload of a line: MN, ST, CN, DataTime, packet."""
    return line["mn"], line["st"], line["cn"], line["data_time"], line["pno"] or 1


def body(line: Row) -> str:
    """Cut the data area out of a frame."""
    frame = line["frame"].encode("latin-1").decode("utf-8")
    text: str = frame.partition(";CP=&&")[2].rpartition("&&")[0]
    return text


def wire_time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, BEIJING).strftime("%Y%m%d%H%M%S")


def wire_qn(at_ms: int) -> str:
    return wire_time(at_ms // 1000) + f"{at_ms % 1000:03d}"


def sample_values(row: Row) -> Iterator[tuple[int, float]]:
    """Read a pack: uint16 series, uint8 cause, float64 value, little endian."""
    for series, _, value in struct.iter_unpack("<HBd", row["pack"]):
        yield series, value


def sampled_at(snap: Snapshot) -> list[float]:
    return sorted((key >> 16) / 1000 for (key,) in snap["samples"])


def factors(snap: Snapshot) -> dict[int, tuple[str, str]]:
    """Give outlet and factor of the series that statistics are kept of."""
    rows = snap.rows("series")
    return {one["id"]: (one["outlet"], one["factor"]) for one in rows if one["quantity"] == "rtd"}


def _table(connection: sqlite3.Connection, name: str, key: tuple[str, ...]) -> dict[Key, Row]:
    rows = connection.execute(f"SELECT * FROM {name} ORDER BY {', '.join(key)}")
    return {tuple(row[column] for column in key): dict(row) for row in rows}
