"""Freezing by hand: anybody of the site may freeze; what an order froze an inspector releases."""

from __future__ import annotations

import sqlite3

from agent.freezing.orders import ORDER, add, let_go
from agent.plan import Plan
from agent.store import holds
from agent.store.holds import Hold

HOLD = "hand"
_INSPECTORS = frozenset({"inspector"})


def hold_by_hand(
    connection: sqlite3.Connection,
    begin: float,
    end: float | None,
    *,
    outlet: str,
    by: str,
    why: str,
    now: float,
) -> tuple[str, str | None]:
    """Freeze an interval; gives its ref, and why it was refused."""
    ref = f"{HOLD}:{int(begin)}-{'' if end is None else int(end)}:{outlet or '*'}:{int(now)}"
    last = None if end is None else int(-(-end // 1))
    one = Hold(0, ref, outlet, int(begin), last, why, HOLD, by, now)
    return ref, add(connection, one, now=now)


def release_by_hand(
    connection: sqlite3.Connection, plan: Plan, ref: str, *, by: str, why: str, now: float
) -> str | None:
    """Let go of an interval; gives why that is refused."""
    found = holds.find(connection, ref)
    if found is None:
        return f"{ref}: no such freeze"
    if found.released_at is not None:
        return f"{ref}: released already"
    if found.source.startswith(f"{ORDER}:") and not _inspects(plan, by):
        return f"{ref}: frozen by order; the platform or an inspector of the site file releases it"
    let_go(connection, found, by=by, why=why, now=now)
    return None


def _inspects(plan: Plan, by: str) -> bool:
    return any(by in (one.id, one.name) and one.role in _INSPECTORS for one in plan.site.people)
