"""What a sampler says, compared with the rows: bottles, door, fixed times."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from agent.settings.equipment import SamplerSettings
from agent.store import bottles, events, parameters
from agent.store.bottles import Bottle
from drivers.device import SamplerStatus
from protocols.hj212.times import BEIJING_OFFSET_S

SETTLE_S = 60.0
"""How long after it was noted a bottle may still be missing in what the sampler says."""
EXPIRING_S = 2 * 3600.0
"""How long before the end of its holding time a bottle is reminded of."""
TIMED_S = 1800.0
"""How late a bottle of a fixed time may still be ordered."""
DAY_S = 86_400

SEEN = "door seen"
"""Where the time of the last turn of the door is kept."""
DOOR = "door_sampler"
LONG = "door_sampler_long"
FEW = "retention_bottles"
EXPIRING = "retention_expiring"


@dataclass(frozen=True, slots=True)
class Changes:
    """What is otherwise than the rows say. Empty lists and None: as before."""

    emptied: tuple[Bottle, ...] = ()
    door: bool | None = None
    again: bool = False
    """Closed and opened, or opened and closed, between two looks."""
    door_at: float | None = None
    long_open: events.Event | None = None
    few: bool | None = None
    expiring: tuple[Bottle, ...] = ()
    timed: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        """Say whether anything is to be written down."""
        plain = self.emptied or self.expiring or self.timed or self.long_open
        return bool(plain) or any(one is not None for one in (self.door, self.door_at, self.few))


def changes(
    connection: sqlite3.Connection,
    settings: SamplerSettings,
    status: SamplerStatus | None,
    *,
    now: float,
) -> Changes:
    """Compare what a sampler says with the rows."""
    kept = bottles.there(connection, settings.id)
    expiring = tuple(
        one
        for one in kept
        if one.handed_at is None
        and now >= one.keep_until - EXPIRING_S
        and not events.known(connection, f"{EXPIRING}:{one.id}")
    )
    timed = tuple(
        at for at in _slots(settings, now) if not events.known(connection, timed_ref(settings, at))
    )
    if status is None:
        return Changes(expiring=expiring, timed=timed)
    door, few = lasting(connection, DOOR, settings.id), lasting(connection, FEW, settings.id)
    turned = status.door_open if status.door_open not in (None, door is not None) else None
    seen = parameters.of(connection, settings.id).get(SEEN)
    moved = status.door_at is not None and (seen is None or seen.value != status.door_at)
    low = None if status.free is None else status.free <= settings.warn_free
    return Changes(
        emptied=tuple(_emptied(kept, status, now)),
        door=turned,
        again=moved and seen is not None and turned is None,
        door_at=status.door_at if moved else None,
        long_open=_long_open(connection, door, status, settings, now),
        few=low if low not in (None, few is not None) else None,
        expiring=expiring,
        timed=timed,
    )


def lasting(connection: sqlite3.Connection, kind: str, sampler: str) -> events.Event | None:
    """Give what lasts of that kind of a sampler."""
    found = events.all_open(connection, kind)
    return next((one for one in found if one.detail.get("sampler") == sampler), None)


def timed_ref(settings: SamplerSettings, at: float) -> str:
    """Give the name that a bottle of a fixed time is ordered under."""
    return f"timed:{settings.id}:{int(at)}"


def _emptied(kept: list[Bottle], status: SamplerStatus, now: float) -> Iterator[Bottle]:
    for one in kept:
        there = 1 <= one.bottle <= len(status.bottles_ml)
        if there and status.bottles_ml[one.bottle - 1] == 0 and now - one.noted_at >= SETTLE_S:
            yield one


def _long_open(
    connection: sqlite3.Connection,
    door: events.Event | None,
    status: SamplerStatus,
    settings: SamplerSettings,
    now: float,
) -> events.Event | None:
    if door is None or not status.door_open:
        return None
    if now - door.at <= settings.door_min * 60 or events.known(connection, f"{LONG}:{door.id}"):
        return None
    return door


def _slots(settings: SamplerSettings, now: float) -> Iterator[float]:
    """Give the fixed times that have just come, local time of the outlet."""
    midnight = (now + BEIJING_OFFSET_S) // DAY_S * DAY_S - BEIJING_OFFSET_S
    for text in settings.timed:
        at = datetime.time.fromisoformat(text)
        moment = midnight + at.hour * 3600 + at.minute * 60
        if moment <= now < moment + TIMED_S:
            yield moment
