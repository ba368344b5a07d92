"""The second and third column of hours, days and months; what has no row is as reported."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from agent.model import Cause, Period, Statistic
from agent.store.series import Names
from agent.store.statistics import code

_COLUMNS = "avg, min, max, cou, zs_avg, zs_min, zs_max, cause, valid, parts, due, reason"


def put(
    connection: sqlite3.Connection, column: str, rows: Iterable[Statistic], *, names: Names
) -> None:
    """Store rows of a column, in place of those that were there.

    A column follows the marks: what was reported stands in `statistics` and never changes.
    """
    connection.executemany(
        f"INSERT OR REPLACE INTO columns (kind, start, series, col, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                code(row.period),
                row.period.start,
                names.series[row.outlet, row.factor, "rtd"],
                column,
                row.avg,
                row.min,
                row.max,
                row.cou,
                row.zs_avg,
                row.zs_min,
                row.zs_max,
                row.cause.value,
                int(row.valid),
                row.parts,
                row.due,
                row.reason,
            )
            for row in rows
        ),
    )


def drop(
    connection: sqlite3.Connection, column: str, period: Period, *, outlet: str, names: Names
) -> None:
    """Let a period of an outlet be as reported again."""
    for (owner, _, quantity), series in names.series.items():
        if (owner, quantity) == (outlet, "rtd"):
            connection.execute(
                "DELETE FROM columns WHERE kind = ? AND start = ? AND series = ? AND col = ?",
                (code(period), period.start, series, column),
            )


def of(
    connection: sqlite3.Connection,
    column: str,
    reported: Statistic,
    *,
    names: Names,
) -> Statistic | None:
    """Give a period of a factor as a column has it; None where it is as reported."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM columns WHERE kind = ? AND start = ? AND series = ? AND col = ?",
        (
            code(reported.period),
            reported.period.start,
            names.series[reported.outlet, reported.factor, "rtd"],
            column,
        ),
    ).fetchone()
    if row is None:
        return None
    avg, low, high, cou, zs_avg, zs_min, zs_max, cause, valid, parts, due, reason = row
    return replace(
        reported,
        avg=avg,
        min=low,
        max=high,
        cou=cou,
        zs_avg=zs_avg,
        zs_min=zs_min,
        zs_max=zs_max,
        cause=Cause(cause),
        abnormal=Cause(cause),
        share=parts / due if due else 0.0,
        valid=bool(valid),
        parts=parts,
        due=due,
        reason=reason,
    )
