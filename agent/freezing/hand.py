"""Freezing by hand: anybody of the site may freeze; what an order froze an inspector releases.

He proves by his pin that it is he, as for a guarded bottle; who tried and may not is journalled.
"""

from __future__ import annotations

import sqlite3

from agent.freezing.orders import add, is_ordered, let_go
from agent.persons import NOBODY, person_of, unproven
from agent.plan import Plan
from agent.store import holds, journal
from agent.store.holds import Hold

HOLD = "hand"
_ORDERED = "frozen by order; the platform or an inspector releases it（须由平台或执法人员解除）"


def hold_by_hand(
    connection: sqlite3.Connection,
    plan: Plan,
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
    if plan.site.people and person_of(plan.site, by) is None:
        return ref, NOBODY.format(who=by)
    last = None if end is None else int(-(-end // 1))
    one = Hold(0, ref, outlet, int(begin), last, why, HOLD, by, now)
    return ref, add(connection, one, now=now)


def release_by_hand(
    connection: sqlite3.Connection,
    plan: Plan,
    ref: str,
    *,
    by: str,
    why: str,
    now: float,
    pin: str = "",
) -> str | None:
    """Let go of an interval; gives why that is refused."""
    found = holds.find(connection, ref)
    if found is None:
        return f"{ref}: no such freeze（没有这项冻结）"
    if found.released_at is not None:
        return f"{ref}: released already（已解除）"
    refused = _may_not(plan, found, by=by, pin=pin)
    if refused:
        detail = {"ref": ref, "refused": refused, "why": why}
        journal.add(connection, "hold not released", detail, at=now, who=by)
        return f"{ref}: {refused}"
    let_go(connection, found, by=by, why=why, now=now)
    return None


def _may_not(plan: Plan, found: Hold, *, by: str, pin: str) -> str:
    """Say why somebody may not let go of an interval; empty when he may."""
    person, ordered = person_of(plan.site, by), is_ordered(found)
    if ordered and (person is None or person.role != "inspector"):
        return _ORDERED
    if person is None:
        return NOBODY.format(who=by) if plan.site.people else ""
    return unproven(person, pin, needed=ordered)
