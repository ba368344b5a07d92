"""Freeze, release and evidence as orders of a platform, each in the transaction that notes it.

A handler gives None when it is done, else why it was refused. The same order twice is one: it is
known by its `ref`.
"""

from __future__ import annotations

import re
import sqlite3

from pydantic import BaseModel, ConfigDict, Field

from agent.store import bundles, events, holds, journal
from agent.store.bundles import Bundle
from agent.store.holds import Hold

ORDER = "order"
SUPERVISION = "supervision"
MOST_HOLDS = 200
"""Freezes that may be open: each keeps rows that nobody prunes. Supervision orders always may."""
MOST_BUNDLES = 20
"""Bundles that may be on their way to one station."""
LONGEST_S = 92 * 86_400.0
AHEAD_S = 31 * 86_400.0
"""How far ahead a freeze may begin."""
BEFORE_S = 2 * 3600.0
AFTER_S = 3600.0
"""What goes with an event: from so long before it began until so long after it ended."""
_LEVEL = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""What may be a level of a topic, and a part of a file's name."""


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FreezeOrder(_Order):
    """Keep an interval, UTC epoch seconds; without `to` until it is released.

    Nothing of it is pruned, and while it lasts instruments are asked more often and films kept.
    """

    begin: float = Field(alias="from", ge=0, le=2**33)
    end: float | None = Field(default=None, alias="to", ge=0, le=2**33)
    outlet: str = Field(default="", max_length=32)
    why: str = Field(default="", max_length=500)


class ReleaseOrder(_Order):
    """Let go of what an order froze; `freeze` is the ref of that freeze or supervision order."""

    freeze: str = Field(min_length=1, max_length=128)
    why: str = Field(default="", max_length=500)


class EvidenceOrder(_Order):
    """A bundle of an event, or of an interval; with films where `clips` says so.

    Without `clips` they come over lines that are not metered.
    """

    event: int | None = Field(default=None, ge=1, le=2**53)
    begin: float | None = Field(default=None, alias="from", ge=0, le=2**33)
    end: float | None = Field(default=None, alias="to", ge=0, le=2**33)
    clips: bool | None = None
    why: str = Field(default="", max_length=500)


def freeze(
    connection: sqlite3.Connection, body: FreezeOrder, *, ref: str, station: str, now: float
) -> str | None:
    """Freeze an interval. Call inside a write transaction."""
    one = Hold(
        0,
        hold_ref(station, ref),
        body.outlet,
        int(body.begin),
        None if body.end is None else int(-(-body.end // 1)),
        body.why,
        f"{ORDER}:{station}",
        station,
        now,
    )
    return add(connection, one, now=now)


def add(connection: sqlite3.Connection, one: Hold, *, now: float) -> str | None:
    """Add a hold, with its line in the journal; gives why it is refused."""
    if holds.find(connection, one.ref) is not None:
        return None
    if one.end is not None and one.end <= one.start:
        return "to is not after from（止应晚于起）"
    if one.start > now + AHEAD_S:
        days = f"{AHEAD_S / 86_400:.0f}"
        return f"from is more than {days} days ahead（最多提前 {days} 天）"
    if one.outlet and not _is_outlet(connection, one.outlet):
        return f"no outlet {one.outlet!r}（没有这个排放口）"
    if sum(not _supervises(each) for each in holds.open_ones(connection)) >= MOST_HOLDS:
        return f"{MOST_HOLDS} intervals are frozen already（冻结的时段已满）"
    holds.add(connection, one)
    detail: dict[str, object] = {"ref": one.ref, "outlet": one.outlet, "begin": one.start}
    detail |= {"end": one.end, "source": one.source, "why": one.why}
    journal.add(connection, "frozen", detail, at=now, who=one.made_by)
    return None


def release(
    connection: sqlite3.Connection, body: ReleaseOrder, *, ref: str, station: str, now: float
) -> str | None:
    """Let go of what this station's freeze or supervision order froze, by that order's ref.

    Call inside a write transaction.
    """
    named = (hold_ref(station, body.freeze), f"{SUPERVISION}:{station}:{body.freeze}")
    found = next((one for ref in named if (one := holds.find(connection, ref))), None)
    if found is None:
        return f"{body.freeze}: no freeze ordered by this station"
    let_go(connection, found, by=station, why=body.why, now=now, ref=ref)
    return None


def let_go(
    connection: sqlite3.Connection, found: Hold, *, by: str, why: str, now: float, ref: str = ""
) -> bool:
    """Release a hold, with its line in the journal; False when it was released before."""
    if not holds.release(connection, found.ref, at=now, by=by, why=why):
        return False
    journal.add(
        connection, "released", {"ref": found.ref, "why": why, "order": ref}, at=now, who=by
    )
    return True


def ask_evidence(
    connection: sqlite3.Connection,
    body: EvidenceOrder,
    *,
    ref: str,
    station: str,
    now: float,
) -> str | None:
    """Ask for a bundle, which is then made and sent. Call inside a write transaction."""
    if not _LEVEL.fullmatch(ref):
        return "ref: letters, digits, - _ . : expected, 64 at most: it is a level of a topic"
    if bundles.find(connection, station, ref) is not None:
        return None
    interval = _interval(connection, body, now)
    if isinstance(interval, str):
        return interval
    if len(bundles.open_ones(connection, station)) >= MOST_BUNDLES:
        return f"{MOST_BUNDLES} bundles are on their way already"
    begin, end = interval
    one = Bundle(
        0, station, ref, begin, end, body.event, body.clips, body.why, ORDER, now, not_before=now
    )
    bundles.ask(connection, one)
    detail: dict[str, object] = {"ref": ref, "station": station, "event": body.event}
    detail |= {"begin": begin, "end": end, "clips": body.clips, "why": body.why}
    journal.add(connection, "evidence asked for", detail, at=now, who=station)
    return None


def _interval(
    connection: sqlite3.Connection, body: EvidenceOrder, now: float
) -> tuple[float, float] | str:
    """Give from when to when, or why there is no such interval."""
    given = body.begin is not None and body.end is not None
    if (body.event is None) == (not given) or (body.begin is None) != (body.end is None):
        return "either event, or from and to"
    if body.event is not None:
        found = events.find(connection, body.event)
        if found is None:
            return f"no event {body.event}"
        return found.at - BEFORE_S, min((found.ended_at or now) + AFTER_S, now)
    assert body.begin is not None
    assert body.end is not None
    if not 0 < body.end - body.begin <= LONGEST_S:
        return f"to is to be after from, by {LONGEST_S / 86_400:.0f} days at most"
    return body.begin, body.end


def hold_ref(station: str, ref: str) -> str:
    """Give the ref of the hold that an order of a station made."""
    return f"freeze:{station}:{ref}"


def is_ordered(one: Hold) -> bool:
    """Say whether an order of a platform froze it; then whoever works here does not let it go."""
    return one.source.partition(":")[0] == ORDER


def _supervises(one: Hold) -> bool:
    return one.ref.startswith(f"{SUPERVISION}:")


def _is_outlet(connection: sqlite3.Connection, outlet: str) -> bool:
    return (
        connection.execute("SELECT 1 FROM series WHERE outlet = ? LIMIT 1", (outlet,)).fetchone()
        is not None
    )
