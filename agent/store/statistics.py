"""Statistics of periods. Revision 0 is what was known when the period was due; it never changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from agent.model import Cause, Kind, Period, Statistic
from agent.store import journal
from agent.store.series import Names

_COLUMNS = (
    "avg, min, max, cou, zs_avg, zs_min, zs_max, cause, abnormal, share, valid, parts, due,"
    " weighted, reason"
)


def code(period: Period) -> str:
    """Give how a period's kind is written in the store: 1m, 10m, 1h, 1d, 1M."""
    return f"{period.minutes}m" if period.kind is Kind.N_MINUTES else period.kind.value


def add(connection: sqlite3.Connection, rows: Iterable[Statistic], *, names: Names) -> None:
    """Store statistics. Raises IntegrityError where that revision exists: it is never altered."""
    connection.executemany(
        f"INSERT INTO statistics (kind, start, series, revision, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                code(row.period),
                row.period.start,
                names.series[row.outlet, row.factor, "rtd"],
                row.revision,
                row.avg,
                row.min,
                row.max,
                row.cou,
                row.zs_avg,
                row.zs_min,
                row.zs_max,
                row.cause.value,
                row.abnormal.value,
                row.share,
                int(row.valid),
                row.parts,
                row.due,
                int(row.weighted),
                row.reason,
            )
            for row in rows
        ),
    )


def of(
    connection: sqlite3.Connection,
    period: Period,
    *,
    outlet: str,
    names: Names,
    first: bool = False,
) -> dict[str, Statistic]:
    """Give each factor's statistic of one period: the newest revision, or the `first`."""
    rows = between(connection, period, period.end, outlet, names, first_only=first)
    return {row.factor: row for row in rows}


def between(
    connection: sqlite3.Connection,
    first: Period,
    end: int,
    outlet: str,
    names: Names,
    *,
    first_only: bool = False,
) -> list[Statistic]:
    """Give an outlet's statistics of `first`'s kind from its start to `end`.

    The newest revision of each, or with `first_only` revision 0.
    """
    factors = {
        number: factor
        for (owner, factor, quantity), number in names.series.items()
        if owner == outlet and quantity == "rtd"
    }
    newest: dict[tuple[int, int], Statistic] = {}
    for start, series, revision, *rest in connection.execute(
        f"SELECT start, series, revision, {_COLUMNS} FROM statistics"
        " WHERE kind = ? AND start >= ? AND start < ? AND revision <= ?"
        " ORDER BY start, series, revision",
        (code(first), first.start, end, 0 if first_only else 2**31),
    ):
        if series in factors:
            period = Period(first.kind, start, first.minutes)
            newest[start, series] = _statistic(outlet, factors[series], period, revision, rest)
    return list(newest.values())


def exists(connection: sqlite3.Connection, period: Period, *, outlet: str, names: Names) -> bool:
    """Say whether a period of an outlet was closed already."""
    series = _series_of(outlet, names)
    marks = ",".join("?" * len(series))
    row = connection.execute(
        f"SELECT 1 FROM statistics WHERE kind = ? AND start = ? AND series IN ({marks}) LIMIT 1",
        (code(period), period.start, *series),
    ).fetchone()
    return row is not None


def last_before(
    connection: sqlite3.Connection, period: Period, *, outlet: str, names: Names
) -> Period | None:
    """Give the last period of that kind which an outlet closed before that one."""
    series = _series_of(outlet, names)
    marks = ",".join("?" * len(series))
    row = connection.execute(
        f"SELECT start FROM statistics WHERE kind = ? AND start < ? AND series IN ({marks})"
        " ORDER BY start DESC LIMIT 1",
        (code(period), period.start, *series),
    ).fetchone()
    return None if row is None else replace(period, start=row[0])


def earliest(connection: sqlite3.Connection, kind: Period) -> int | None:
    """Give the start of the oldest period of a kind that is kept."""
    row = connection.execute("SELECT min(start) FROM statistics WHERE kind = ?", (code(kind),))
    start: int | None = row.fetchone()[0]
    return start


def _series_of(outlet: str, names: Names) -> list[int]:
    return [n for (o, _, q), n in names.series.items() if o == outlet and q == "rtd"]


def _statistic(
    outlet: str, factor: str, period: Period, revision: int, rest: list[object]
) -> Statistic:
    avg, low, high, cou, zs_avg, zs_min, zs_max, cause, abnormal, *counts = rest
    share, valid, parts, due, weighted, reason = counts
    return Statistic(
        outlet=outlet,
        factor=factor,
        period=period,
        avg=_number(avg),
        min=_number(low),
        max=_number(high),
        cou=_number(cou),
        cause=Cause(str(cause)),
        abnormal=Cause(str(abnormal)),
        share=_number(share) or 0.0,
        valid=bool(valid),
        parts=_count(parts),
        due=_count(due),
        reason=str(reason),
        weighted=bool(weighted),
        zs_avg=_number(zs_avg),
        zs_min=_number(zs_min),
        zs_max=_number(zs_max),
        revision=revision,
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _count(value: object) -> int:
    assert isinstance(value, int)
    return value


def revise(
    connection: sqlite3.Connection,
    before: Statistic,
    after: Statistic,
    *,
    names: Names,
    now: float,
) -> bool:
    """Store a later statement beside an earlier one, journalled; False when it says the same."""
    after = replace(after, revision=before.revision)
    if after == before:
        return False
    add(connection, [replace(after, revision=before.revision + 1)], names=names)
    journal.add(
        connection,
        "revision",
        {
            "outlet": after.outlet,
            "factor": after.factor,
            "kind": code(after.period),
            "start": after.period.start,
            "revision": before.revision + 1,
            "before": before.avg,
            "after": after.avg,
        },
        at=now,
    )
    return True
