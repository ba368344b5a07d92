"""Giving up what nobody took: the debt stays on the books as abandoned."""

from __future__ import annotations

import sqlite3
from collections import Counter

_MINUTES = "cn = '2051'"
_OTHERS = "cn NOT IN ('2011', '2021', '2051')"  # live frames have a rule of their own: `rtd_keep_h`


def abandon(
    connection: sqlite3.Connection, before: float, *, minutes: bool, limit: int
) -> list[tuple[str, str, int]]:
    """Give up uploads that nobody took until the values they were made of are pruned.

    At most `limit` of them, minutes or all others, of a time before `before`; gives (station,
    command code, number). Their debts say `abandoned`.
    """
    rows = connection.execute(
        "SELECT DISTINCT station, cn, at, st, revision FROM outbox WHERE state = 'open'"
        f" AND {_MINUTES if minutes else _OTHERS} AND at < ? ORDER BY at LIMIT ?",
        (before, limit),
    ).fetchall()
    connection.executemany(
        "UPDATE outbox SET state = 'dropped', outcome = 'abandoned' WHERE state = 'open'"
        " AND station = ? AND cn = ? AND at = ? AND st = ? AND revision = ?",
        rows,
    )
    connection.executemany(
        "UPDATE deliveries SET state = 'abandoned'"
        " WHERE station = ? AND cn = ? AND start = ? AND st = ? AND revision = ?",
        rows,
    )
    sums = Counter((station, cn) for station, cn, *_ in rows)
    return [(station, cn, number) for (station, cn), number in sums.items()]
