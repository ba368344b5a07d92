"""Rows of the message log: what went over the wire, some seconds of it packed into one row.

A row a frame would touch a page of its own for each, twice an upload, thousands a day; packed
together frames that are alike take a tenth of their room. A pack is compressed by zlib: a line of
JSON, then all texts one behind the other, then all times as doubles, low byte first. The line has
a list for each other field of `FrameRecord`, in its order, and last the texts' lengths in
characters. Packs of older releases are JSON alone, a list a record.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import struct
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from agent.store import holds

HOUR_S = 3600
SENT, RECEIVED, SETTLED, LOST = ">", "<", "=", "!"
"""Directions: up, down, how a sent frame ended, records that could not be kept."""

SMALL, QUICK = 6, 1
"""Levels of zlib: the second takes a quarter of the time, its blobs two fifths more room."""


class FrameRecord(NamedTuple):
    """One frame as it went over the wire, in clear and without secrets, or what became of it.

    A tuple: of a backlog that drains three a frame are made, thousands a second.

    `text` is the data segment; of what could not be read, its beginning. `outcome` says how a
    sent frame ended, `reason` why it went out again, or what is wrong with one that came in.
    """

    at: float
    station: str
    direction: str
    qn: str
    cn: str
    text: str = ""
    sealed: bool = False
    attempt: int = 1
    outcome: str = ""
    reason: str = ""


_AT, _STATION, _TEXT = map(FrameRecord._fields.index, ("at", "station", "text"))


def add(
    connection: sqlite3.Connection, records: Sequence[FrameRecord], *, level: int = SMALL
) -> None:
    """Store records, at least one, in the order they happened."""
    columns = [*zip(*records, strict=True)]
    times, stations = columns[_AT], " ".join(dict.fromkeys(columns[_STATION]))
    connection.execute(
        "INSERT INTO frames (first_at, last_at, stations, pack) VALUES (?, ?, ?, ?)",
        (min(times), max(times), f" {stations} ", pack(columns, level=level)),
    )


def pack(columns: Sequence[tuple[Any, ...]], *, level: int = SMALL) -> bytes:
    """Write records, at least one, as one blob: a column for each field, in their order."""
    rest = [*columns]
    texts, times = rest.pop(_TEXT), rest.pop(_AT)
    told = json.dumps([*rest, [*map(len, texts)]], ensure_ascii=False, separators=(",", ":"))
    said = f"{told}\n{''.join(texts)}".encode() + struct.pack(f"<{len(times)}d", *times)
    return zlib.compress(said, level)


def unpack(blob: bytes) -> list[FrameRecord]:
    """Read a blob back."""
    told, end, rest = zlib.decompress(blob).partition(b"\n")
    if not end:
        return [FrameRecord(*one) for one in json.loads(told)]
    *columns, lengths = json.loads(told)
    texts_end = len(rest) - struct.calcsize("<d") * len(lengths)
    texts, ends = rest[:texts_end].decode(), [*itertools.accumulate(lengths)]
    columns.insert(_AT, struct.unpack(f"<{len(lengths)}d", rest[texts_end:]))
    columns.insert(_TEXT, [texts[at - size : at] for at, size in zip(ends, lengths, strict=True)])
    return [FrameRecord(*one) for one in zip(*columns, strict=True)]


def newest(connection: sqlite3.Connection) -> int:
    """Give the number of the newest row, 0 when there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM frames").fetchone()[0])


def oldest(connection: sqlite3.Connection) -> int:
    """Give the number of the oldest row, 0 when there is none."""
    return int(connection.execute("SELECT coalesce(min(id), 0) FROM frames").fetchone()[0])


def between(
    connection: sqlite3.Connection,
    after: int,
    last: int,
    *,
    since: float = 0.0,
    station: str | None = None,
) -> list[FrameRecord]:
    """Give the records of the rows after one number up to another, in the order they happened.

    Only what is not older than `since` and, where one is named, of that station. Ask for a few
    hundred rows at a time: they are read in one go.
    """
    rows = connection.execute(
        "SELECT pack FROM frames WHERE id > ? AND id <= ? AND last_at >= ?"
        " AND (? IS NULL OR instr(stations, ?)) ORDER BY id",
        (after, last, since, station, f" {station} "),
    )
    return [
        one
        for (blob,) in rows
        for one in unpack(blob)
        if one.at >= since and (station is None or one.station in (station, ""))
    ]


def size(connection: sqlite3.Connection) -> int:
    """Give the bytes that all packs take."""
    return int(
        connection.execute("SELECT coalesce(sum(length(pack)), 0) FROM frames").fetchone()[0]
    )


def drop_above(connection: sqlite3.Connection, bytes_: int, *, limit: int) -> int:
    """Drop the oldest rows, at most `limit`, that lie beyond what the log may take; how many.

    What is frozen stays, so the log may be larger then.
    """
    over = size(connection) - bytes_
    gone: list[tuple[int]] = []
    frozen = holds.frozen(holds.open_ones(connection), grid_s=HOUR_S)
    for number, length, first_at, last_at in connection.execute(
        "SELECT id, length(pack), first_at, last_at FROM frames ORDER BY id"
    ):
        if over <= 0 or len(gone) == limit:
            break
        if any(begin <= last_at and first_at < end for begin, end in frozen):
            continue
        over -= length
        gone.append((number,))
    connection.executemany("DELETE FROM frames WHERE id = ?", gone)
    return len(gone)
