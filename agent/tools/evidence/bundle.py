"""Makes the bundle of an interval: seal what is there, gather, report, sign, write it down."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import sqlite3
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from agent import __version__
from agent.settings import Site
from agent.store import identity, journal
from agent.store.db import FILE_NAME, connect, transaction
from agent.tools.evidence.clips import clips_of
from agent.tools.evidence.facts import Facts, facts
from agent.tools.evidence.films import shown
from agent.tools.evidence.gather import AT_ONCE, TABLES, Interval, Reach, reach
from agent.tools.evidence.last import Last, lines, seal_all
from agent.tools.evidence.pack import Chunks, write
from agent.tools.evidence.page import page
from agent.tools.evidence.said import unit
from agent.tools.words import local_time

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
        seal_all(connection, now)
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
            "reach": found.plain(),
            "clips": with_clips,
        }
        told = facts(connection, site, interval)
        last = Last(connection, found, about, now=now, folder=out.parent)
        with clips_of(directory, interval, wanted=with_clips) as filmed, last:
            write(
                out,
                _files(connection, found, told, site, site_file, about, filmed, last) | filmed,
                about=about,
                key=key,
                sign=lambda digest: identity.sign(directory, digest),
            )
        with out.open("rb") as file:  # films may be large
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        note = {"file": out.name, "sha256": sha256, "begin": interval.begin, "end": interval.end}
        note |= {"event": interval.event, "why": why}
        with transaction(connection):
            journal.add(connection, "evidence made", note, at=now, who=by)
    return {**about, "sha256": sha256, "bytes": out.stat().st_size}


def _files(
    connection: sqlite3.Connection, found: Reach, told: Facts, site: Site, site_file: Path,
    about: Mapping[str, Any], filmed: Mapping[str, Chunks], last: Last,
) -> dict[str, Any]:  # fmt: skip
    """Give the files in their order: the journal after the rows, the report after the journal."""
    files: dict[str, Any] = {
        "README.txt": lambda: iter([README.encode()]),
        "values.csv": partial(_values, told),
    }
    for table in (one for one in TABLES if one not in AT_ONCE):
        files[f"rows/{table}.jsonl"] = partial(lines, connection, table, found)
    files["site.yaml"] = lambda: iter([site_file.read_bytes()])
    for table in AT_ONCE:
        files[f"rows/{table}.jsonl"] = partial(last.lines, table)
    files["report.html"] = lambda: iter([page(told, site, about, shown(filmed)).encode()])
    return files


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
