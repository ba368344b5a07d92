"""Long readings, page by page: no read transaction lasts, memory stays flat (architecture §3.17).

Each page is a query of its own that begins behind the last row of the one before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from agent.model import Cause
from agent.store.events import Event
from agent.store.samples import unpack

PAGE = 2000
"""Rows of one query."""

FIGURES = ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max")
COLUMN_FIGURES = ("avg", "zs_avg", "cou", "valid", "reason")
"""What is read of the columns after marks and after exemptions."""


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One statistic as it stands, its newest revision, with its other two columns (STAT-13).

    A column that is as reported is None.
    """

    start: int
    series: int
    revision: int
    figures: tuple[float | None, ...]
    cause: Cause
    valid: bool
    share: float
    parts: int
    due: int
    reason: str
    after_marks: tuple[Any, ...] | None
    after_exemptions: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One device's cycle: when, and what each series said."""

    at: float
    epoch: int
    values: list[tuple[int, Cause, float | None]]


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result of a batch analyzer."""

    id: int
    sampled_at: int
    completed_at: float
    received_at: float
    series: int
    device: int
    value: float | None
    cause: Cause


def periods(
    connection: sqlite3.Connection,
    kind: str,
    start: int,
    end: int,
    *,
    series: Collection[int],
    page: int = PAGE,
) -> Iterator[PeriodRow]:
    """Give the statistics of a kind (`1m`, `1h`, `1d`) that begin in [start, end)."""
    wanted = json.dumps(sorted(series))
    columns = ", ".join(
        f"{alias}.{name}" for alias in ("m", "e") for name in ("start", *COLUMN_FIGURES)
    )
    query = (
        "SELECT s.start, s.series, s.revision,"
        f" {', '.join(f's.{name}' for name in FIGURES)},"
        f" s.cause, s.valid, s.share, s.parts, s.due, s.reason, {columns} FROM statistics AS s"
        " LEFT JOIN columns AS m ON (m.kind, m.start, m.series, m.col)"
        " = (s.kind, s.start, s.series, 'marks')"
        " LEFT JOIN columns AS e ON (e.kind, e.start, e.series, e.col)"
        " = (s.kind, s.start, s.series, 'exemptions')"
        " WHERE s.kind = ? AND (s.start, s.series, s.revision) > (?, ?, ?) AND s.start < ?"
        " AND s.series IN (SELECT value FROM json_each(?))"
        " ORDER BY s.start, s.series, s.revision LIMIT ?"
    )
    behind = (start, -1, -1)
    last: PeriodRow | None = None
    while rows := connection.execute(query, (kind, *behind, end, wanted, page)).fetchall():
        for row in rows:
            found = _period(row)
            if last is not None and (last.start, last.series) != (found.start, found.series):
                yield last
            last = found
        behind = rows[-1][:3]
    if last is not None:
        yield last


def _period(row: tuple[Any, ...]) -> PeriodRow:
    start, series, revision = row[:3]
    figures, rest = row[3 : 3 + len(FIGURES)], row[3 + len(FIGURES) :]
    cause, valid, share, parts, due, reason = rest[:6]
    width = 1 + len(COLUMN_FIGURES)
    marks, exemptions = rest[6 : 6 + width], rest[6 + width :]
    return PeriodRow(
        start,
        series,
        revision,
        figures,
        Cause(cause),
        bool(valid),
        share,
        parts,
        due,
        reason,
        None if marks[0] is None else marks[1:],
        None if exemptions[0] is None else exemptions[1:],
    )


def samples(
    connection: sqlite3.Connection, start: float, end: float, *, page: int = PAGE
) -> Iterator[SampleRow]:
    """Give the raw samples of [start, end), cycle by cycle."""
    behind, last = (int(start * 1000) << 16) - 1, int(end * 1000) << 16
    query = "SELECT key, epoch, pack FROM samples WHERE key > ? AND key < ? ORDER BY key LIMIT ?"
    while rows := connection.execute(query, (behind, last, page)).fetchall():
        for key, epoch, pack in rows:
            yield SampleRow((key >> 16) / 1000, epoch, unpack(pack))
        behind = rows[-1][0]


def results(
    connection: sqlite3.Connection, start: int, end: int, *, page: int = PAGE
) -> Iterator[ResultRow]:
    """Give the results whose water was taken in [start, end), in the order of sampling."""
    behind = (start, -1, -1)
    query = (
        "SELECT sampled_at, series, id, completed_at, received_at, device, value, cause"
        " FROM measurements WHERE (sampled_at, series, id) > (?, ?, ?) AND sampled_at < ?"
        " ORDER BY sampled_at, series, id LIMIT ?"
    )
    while rows := connection.execute(query, (*behind, end, page)).fetchall():
        for sampled_at, series, number, completed_at, received_at, device, value, cause in rows:
            yield ResultRow(
                number, sampled_at, completed_at, received_at, series, device, value, Cause(cause)
            )
        behind = rows[-1][:3]


def events(
    connection: sqlite3.Connection, start: float, end: float, *, page: int = PAGE
) -> Iterator[Event]:
    """Give the events that began in [start, end), in the order in which they were stored."""
    behind = 0
    query = (
        "SELECT id, ref, kind, at, outlet, factor, ended_at, detail FROM events"
        " WHERE id > ? AND at >= ? AND at < ? ORDER BY id LIMIT ?"
    )
    while rows := connection.execute(query, (behind, start, end, page)).fetchall():
        for number, ref, kind, at, outlet, factor, ended_at, detail in rows:
            yield Event(number, ref, kind, at, outlet, factor, ended_at, json.loads(detail))
        behind = rows[-1][0]
