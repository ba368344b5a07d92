"""What one station is told by an event: its order's end, and what concerns that order alone.

Not `agent.telling`: an order of one platform is no other platform's business, and whoever ordered
is answered whatever event kinds it subscribed to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from agent import report
from agent.model import Upload
from agent.plan import Plan
from agent.report import EventNotice
from agent.store import alarms, events, journal, outbox
from agent.store.holds import Hold

ORDER = "order"


def note(
    connection: sqlite3.Connection,
    kind: str,
    detail: Mapping[str, Any],
    *,
    ref: str,
    now: float,
    outlet: str = "",
) -> int | None:
    """Store an event and its line in the journal; None when the same fact was told before."""
    number = events.add(connection, kind, detail, ref=ref, at=now, outlet=outlet, ended_at=now)
    if number is not None:
        journal.add(connection, f"event {kind}", {"id": number, **detail}, at=now)
    return number


def alarm(
    connection: sqlite3.Connection, plan: Plan, number: int, kind: str, *, now: float, outlet: str
) -> None:
    """Make an event that was just stored an alarm, where the site file has its kind as one."""
    level = plan.site.alarms.level(kind)
    if level is not None:
        alarms.raise_(
            connection, event=number, kind=kind, outlet=outlet, factor="", level=level, at=now
        )


def owe(
    connection: sqlite3.Connection,
    station: str,
    number: int,
    kind: str,
    detail: Mapping[str, Any],
    *,
    now: float,
    outlet: str = "",
) -> Upload:
    """Owe one station the notice of an event that was just stored."""
    upload = report.event(
        EventNotice(
            id=number,
            kind=kind,
            at=now,
            outlet=outlet,
            factor="",
            state="told",
            detail=dict(detail),
        )
    )
    outbox.add(connection, station, upload, now=now)
    return upload


def frozen(connection: sqlite3.Connection, hold: Hold, *, now: float) -> None:
    """Write in the journal that an interval is held from now on."""
    detail = {"ref": hold.ref, "outlet": hold.outlet, "start": hold.start, "end": hold.end}
    journal.add(connection, "hold", {**detail, "why": hold.why}, at=now, who=hold.made_by)


def reply(
    connection: sqlite3.Connection,
    station: str,
    *,
    ref: str,
    kind: str,
    state: str,
    text: str,
    now: float,
) -> None:
    """Tell the platform how its order ended, each time it asks again."""
    detail = {"ref": ref, "kind": kind, "state": state, "text": text}
    # each answer is an event of its own: who asks again has perhaps lost the one before
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
    told = f"{ORDER}:{station}:{ref}:{last}"
    number = note(connection, ORDER, detail, ref=told, now=now)
    if number is not None:
        owe(connection, station, number, ORDER, detail, now=now)
