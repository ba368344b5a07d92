"""Makes the bundle of an interval: seal what is there, gather, report, sign, write it down."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from agent import __version__
from agent.settings import Site
from agent.store import identity, journal, seals
from agent.store.db import FILE_NAME, connect, transaction
from agent.tools.evidence.clips import clips_of
from agent.tools.evidence.facts import Facts, facts
from agent.tools.evidence.films import shown
from agent.tools.evidence.gather import TABLES, Interval, Reach, anchor, reach, rows
from agent.tools.evidence.pack import Chunks, write
from agent.tools.evidence.page import page
from agent.tools.evidence.said import unit
from agent.tools.words import local_time

ON_DISK_S = 5.0
"""How long after a sample was taken it is surely on disk."""
_CHUNK = 1000
README = (
    "report.html  证据报告，用浏览器打开\n"
    "values.csv   该时段的原始值（北京时间）\n"
    "rows/        数据库原始行，供 paikou verify 核对\n"
    "clips/       该时段的录像、画面及说明（有摄像头时）\n"
    "site.yaml    生成时的站点文件（不含密钥）\n"
    "manifest.json 每个文件的哈希\n"
)


def make(
    directory: Path, site: Site, site_file: Path, interval: Interval, out: Path,
    *, now: float, by: str, why: str, with_clips: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Write a bundle to `out` and its line into the journal; gives what the manifest says.

    Raises StoreError, OSError, sqlite3.Error.
    """
    key = identity.public_key(directory)
    with contextlib.closing(connect(directory / FILE_NAME)) as connection:
        _seal(connection, now)
        connection.execute("BEGIN")  # one picture, whatever the daemon writes meanwhile
        found = reach(connection, interval)
        about: dict[str, Any] = {
            "format": "paikou-bundle-1",
            "unit": site.unit.code,
            "begin": interval.begin,
            "end": interval.end,
            "event": interval.event,
            "made_at": now,
            "by": by,
            "why": why,
            "version": __version__,
            "key": key,
            "anchor": anchor(connection, found),
            "head": journal.head(connection),
            "reach": found.plain(),
            "clips": with_clips,
        }
        told = facts(connection, site, interval)
        with clips_of(directory, interval, wanted=with_clips) as filmed:
            write(
                out,
                _files(connection, found, told, site, site_file, about, filmed) | filmed,
                about=about,
                key=key,
                sign=lambda digest: identity.sign(directory, digest),
            )
        connection.execute("ROLLBACK")
        sha256 = hashlib.sha256(out.read_bytes()).hexdigest()
        note = {"file": out.name, "sha256": sha256, "begin": interval.begin, "end": interval.end}
        note |= {"event": interval.event, "why": why}
        with transaction(connection):
            journal.add(connection, "evidence made", note, at=now, who=by)
    return {**about, "sha256": sha256, "bytes": out.stat().st_size}


def _seal(connection: sqlite3.Connection, now: float) -> None:
    """Seal what is there, so that the bundle can be held against it."""
    sealed = True
    while sealed:
        with transaction(connection):
            sealed = seals.seal(connection, now=now, until=now - ON_DISK_S)


def _files(
    connection: sqlite3.Connection, found: Reach, told: Facts, site: Site, site_file: Path,
    about: Mapping[str, Any], filmed: Mapping[str, Chunks],
) -> dict[str, Any]:  # fmt: skip
    files: dict[str, Any] = {
        "README.txt": lambda: iter([README.encode()]),
        "report.html": lambda: iter([page(told, site, about, shown(filmed)).encode()]),
        "values.csv": partial(_values, told),
        "site.yaml": lambda: iter([site_file.read_bytes()]),
    }
    for table in TABLES:
        files[f"rows/{table}.jsonl"] = partial(_lines, connection, table, found)
    return files


def _lines(connection: sqlite3.Connection, table: str, found: Reach) -> Iterator[bytes]:
    for row in rows(connection, table, found):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _values(told: Facts) -> Iterator[bytes]:
    """Give the raw values as a table that any spreadsheet opens."""
    yield b"\xef\xbb\xbf"  # or a spreadsheet would take the Chinese for something else
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(("时间", "排放口", "因子", "值", "单位", "状态"))
    for course in told.courses:
        per = unit(course.factor)
        for number, (at, value, why) in enumerate(course.points):
            moment = local_time(at, "%Y-%m-%d %H:%M:%S.%f")[:-3]
            shown = "" if value is None else repr(value)
            table.writerow((moment, course.outlet, course.factor, shown, per, why.value))
            if number % _CHUNK == 0:
                yield text.getvalue().encode()
                text.seek(0)
                text.truncate()
    yield text.getvalue().encode()
