"""How the rows of a frozen interval are left out of what is pruned.

A statement that prunes says which rows are over; here it learns from when on a row is. Between two
frozen parts goes what began and ended there, so a row that reaches into one stays.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterator

from agent.store import holds

HOUR_S = 3600
DAY_S = 86_400
MONTH_S = 31 * DAY_S
SINCE = {
    "samples": "key >= ({since} * 1000) << 16",
    "minutes": "start >= {since}",
    "statistics": "start >= {since}",
    "results": "min(sampled_at, received_at) >= {since}",
    "frames": "first_at >= {since}",
    "events": "at >= {since}",
    "actions": "created_at >= {since}",
    "deliveries": "start >= {since}",
    "commands": "received_at >= {since}",
    "digests": "day >= {since}",
    "columns": "start >= {since}",
    "marks": "start >= {since}",
    "manual_values": "start >= {since}",
    "checks": "start >= {since}",
    "faults": "opened_at >= {since}",
    "alarms": "raised_at >= {since}",
    "silences": "made_at >= {since}",
    "deductions": "at >= {since}",
    "states": "start >= {since}",
    "substitutes": "start >= {since}",
    "orders": "received_at >= {since}",
    "supervision": "received_at >= {since}",
    "bottles": "noted_at >= {since}",
    "device_checks": "min(at, seen_at) >= {since}",
    "maintenance": "began_at >= {since}",
    "sent_real_time": "min(at, created_at) >= {since}",
    "sent": "min(at, created_at) >= {since}",
}
"""By what is pruned: since when a row of it is."""
_MONTHLY = frozenset({"statistics", "columns", "substitutes"})
_HOURLY = frozenset({"samples", "minutes", "frames", "sent_real_time", "sent"})
_LAST = re.compile(r"(\w+) < \? LIMIT \?\)$")


def free_parts(
    connection: sqlite3.Connection, what: str, statement: str, before: float
) -> Iterator[tuple[str, float, float]]:
    """Give the statement for each part of the time before an instant that nobody froze.

    With it come the part's own begin, infinite where it has none, and end.
    """
    frozen = holds.open_ones(connection)
    if not frozen:
        yield statement, -math.inf, before
        return
    if what == "untimed":
        return  # nobody knows when they were: they stay while anything is frozen
    grid_s = HOUR_S if what in _HOURLY else DAY_S
    earlier_s = MONTH_S if what in _MONTHLY else 0
    parts = holds.frozen(frozen, grid_s=grid_s, before_s=earlier_s)
    for since, until in holds.free(parts, until=before):
        yield _narrowed(what, statement, since), since, until


def _narrowed(what: str, statement: str, since: float) -> str:
    if since == -math.inf:
        return statement
    given = SINCE.get(what)
    if given is None:  # its last instant is all that is known of a row
        found = _LAST.search(statement)
        assert found is not None, statement
        given = f"{found[1]} >= {{since}}"
    head, limit, rest = statement.rpartition(" LIMIT ?")
    return f"{head} AND {given.format(since=int(since))}{limit}{rest}"
