"""Calibrations, standard checks, comparisons: one record each with its verdict (QC-01)."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.store import journal
from agent.substitution import Check, Verdict

Kind = Literal["zero", "span", "standard", "comparison", "accuracy"]
Channel = Literal["auto", "manual"]

_COLUMNS = (
    "outlet, factor, kind, start, end, nominal, reading, deviation, verdict, channel, detail,"
    " made_by, made_at"
)


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check of one factor. `deviation` in percent, of full scale for zero and span.

    `detail` holds gas, parameters before and after, pairs of a comparison.
    """

    outlet: str
    factor: str
    kind: Kind
    start: int
    end: int
    verdict: Verdict
    nominal: float | None = None
    reading: float | None = None
    deviation: float | None = None
    channel: Channel = "auto"
    detail: Mapping[str, Any] = field(default_factory=dict)
    made_by: str = "agent"
    made_at: float = 0.0

    @property
    def ref(self) -> str:
        """What makes two of them the same: told twice it is one check."""
        return f"{self.outlet}:{self.factor}:{self.kind}:{self.end}"

    def as_check(self) -> Check:
        """Give what `agent.substitution` asks: when it ended, and how."""
        return Check(self.end, self.verdict)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order to an instrument to check itself, and when that was begun."""

    ref: str
    started_at: float


def ordered(
    connection: sqlite3.Connection, device: str, at: float, *, within_s: float
) -> Ordered | None:
    """Give the newest order of a check or calibration that was begun shortly before an instant."""
    row = connection.execute(
        "SELECT ref, started_at FROM actions WHERE device = ?"
        " AND kind IN ('check', 'zero', 'span', 'calibrate')"
        " AND started_at <= ? AND started_at >= ? ORDER BY id DESC LIMIT 1",
        (device, at, at - within_s),
    ).fetchone()
    return None if row is None else Ordered(*row)


def add(connection: sqlite3.Connection, check: CheckRecord) -> int | None:
    """Store a check, journalled with the whole row; None when it is there already."""
    row = connection.execute(
        f"INSERT OR IGNORE INTO checks (ref, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            check.ref,
            check.outlet,
            check.factor,
            check.kind,
            check.start,
            check.end,
            check.nominal,
            check.reading,
            check.deviation,
            check.verdict.value,
            check.channel,
            json.dumps(dict(check.detail), ensure_ascii=False),
            check.made_by,
            check.made_at,
        ),
    )
    if row.rowcount != 1:
        return None
    number = int(row.lastrowid or 0)
    detail = {"id": number, **dataclasses.asdict(check)}
    journal.add(connection, "check", detail, at=check.made_at, who=check.made_by)
    return number


def between(
    connection: sqlite3.Connection,
    start: int,
    end: int,
    *,
    outlet: str,
    factor: str | None = None,
) -> list[CheckRecord]:
    """Give the checks that ended in [start, end), in the order of time."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM checks WHERE outlet = ? AND end >= ? AND end < ?"
        " AND (? IS NULL OR factor = ?) ORDER BY end, id",
        (outlet, start, end, factor, factor),
    )
    return [_check(row) for row in rows]


def _check(row: tuple[Any, ...]) -> CheckRecord:
    outlet, factor, kind, start, end, nominal, reading, deviation, verdict, *rest = row
    channel, detail, made_by, made_at = rest
    return CheckRecord(
        outlet,
        factor,
        kind,
        start,
        end,
        Verdict(verdict),
        nominal=nominal,
        reading=reading,
        deviation=deviation,
        channel=channel,
        detail=json.loads(detail),
        made_by=made_by,
        made_at=made_at,
    )


def started(
    connection: sqlite3.Connection,
    begin: float,
    end: float,
    *,
    outlets: Collection[str],
    limit: int,
    skip: int,
) -> list[tuple[int, CheckRecord]]:
    """Give the instruments' own checks of some outlets that began in [begin, end], with numbers."""
    marks = ",".join("?" * len(outlets))
    rows = connection.execute(
        f"SELECT id, {_COLUMNS} FROM checks WHERE start >= ? AND start <= ? AND channel = 'auto'"
        f" AND outlet IN ({marks}) ORDER BY start, id LIMIT ? OFFSET ?",
        (begin, end, *outlets, limit, skip),
    )
    return [(number, _check(tuple(row))) for number, *row in rows]
