"""Looks after the bottles of one sampler: what is in them, its door, how many are left (SMP-07).

A slow look of its own, beside the polling. What it finds is compared with the rows, so that a
restart tells nothing twice; it writes only what changed.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from agent.bells import Bells
from agent.clock import Clock
from agent.custody import note_gone, told
from agent.keeping import ask_for_bottle
from agent.plan import Plan
from agent.settings.equipment import SamplerSettings
from agent.store import bottles, events, parameters
from agent.store.bottles import Bottle
from agent.store.db import Store
from agent.store.parameters import Kept
from agent.store.series import Names
from agent.supervise import heed_cancellation
from agent.telling import closed, tell
from agent.timekeeping import Timekeeper
from drivers.device import DeviceError, Sampler, SamplerStatus
from protocols.hj212.times import BEIJING_OFFSET_S

LOOK_S = 20.0
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
TOUCHED = "retention_touched"
FEW = "retention_bottles"
EXPIRING = "retention_expiring"


@dataclass(frozen=True, slots=True)
class BottleWatch:
    """The slow look at one sampler, and the bottles it keeps at fixed times."""

    settings: SamplerSettings
    sampler: Sampler
    plan: Plan
    names: Names
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.clock.sleep(LOOK_S)
            await self.look()

    async def look(self) -> bool:
        """Look once; says whether anything was written down."""
        if not self.time.trusted:
            return False
        try:
            status = await self.sampler.status()
        except DeviceError:
            status = None  # the polling tells that a device is silent
        finally:
            heed_cancellation()
        now = self.clock.now()
        news = await self.store.read(
            lambda connection: bool(changes(connection, self.settings, status, now=now))
        )
        if not news:
            return False
        await self.store.write(
            lambda connection: note(
                connection, self.plan, self.names, self.settings, status, now=now
            )
        )
        self.bells.ring(f"actions:{self.settings.id}", *self.plan.outbox_bells())
        return True


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
        at for at in _slots(settings, now) if not events.known(connection, _timed(settings, at))
    )
    if status is None:
        return Changes(expiring=expiring, timed=timed)
    door, few = _open(connection, DOOR, settings.id), _open(connection, FEW, settings.id)
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


def note(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    settings: SamplerSettings,
    status: SamplerStatus | None,
    *,
    now: float,
) -> None:
    """Write down what changed; asked anew, in the transaction that writes it."""
    found = changes(connection, settings, status, now=now)
    outlet = settings.outlet
    note_gone(connection, plan, found.emptied, why="found empty at the sampler", now=now)
    if status is not None:
        turns = {True: (False, True), False: (True, False)}[bool(status.door_open)]
        for opened in turns if found.again else (found.door,):
            if opened is not None:
                _note_door(connection, plan, settings, status, opened=opened, now=now)
        if found.door_at is not None:
            kept = Kept(settings.id, SEEN, found.door_at, "", "time", now, now)
            parameters.put(connection, kept)
    if found.long_open is not None:
        detail = {"sampler": settings.id, "since": found.long_open.at}
        ref = f"{LONG}:{found.long_open.id}"
        tell(connection, plan, LONG, detail, ref=ref, at=now, now=now, outlet=outlet)
    if found.few is not None and status is not None:
        _note_few(connection, plan, settings, status, few=found.few, now=now)
    for one in found.expiring:
        detail = {**told(one), "keep_until": one.keep_until}
        ref = f"{EXPIRING}:{one.id}"
        tell(connection, plan, EXPIRING, detail, ref=ref, at=now, now=now, outlet=outlet)
    for at in found.timed:
        ref = _timed(settings, at)
        events.add(connection, "timed", {"at": at}, ref=ref, at=now, outlet=outlet, factor="",
                   ended_at=now)  # fmt: skip
        ask_for_bottle(connection, plan, names, outlet, "", now=now, mode="timed")


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


def _note_door(
    connection: sqlite3.Connection,
    plan: Plan,
    settings: SamplerSettings,
    status: SamplerStatus,
    *,
    opened: bool,
    now: float,
) -> None:
    """Tell that the door was opened, on which bottles; or that it is closed again."""
    if not opened:
        door = _open(connection, DOOR, settings.id)
        if door is not None:
            closed(connection, plan, door, at=now, now=now)
        return
    kept = [one for one in bottles.there(connection, settings.id) if one.released_at is None]
    detail = {"sampler": settings.id, "door_at": status.door_at or now, "card": status.card}
    ref, outlet = f"{DOOR}:{settings.id}:{now!r}", settings.outlet
    tell(connection, plan, DOOR, detail, ref=ref, at=now, now=now, outlet=outlet, lasts=True)
    if kept:
        bottles.touch(connection, [one.id for one in kept], at=now)
        detail = {**detail, "bottles": [one.code for one in kept]}
        ref = f"{TOUCHED}:{settings.id}:{now!r}"
        tell(connection, plan, TOUCHED, detail, ref=ref, at=now, now=now, outlet=outlet)


def _note_few(
    connection: sqlite3.Connection,
    plan: Plan,
    settings: SamplerSettings,
    status: SamplerStatus,
    *,
    few: bool,
    now: float,
) -> None:
    """Tell that bottles run out before one is needed, or that there are enough again (SMP-10)."""
    if not few:
        last = _open(connection, FEW, settings.id)
        if last is not None:
            closed(connection, plan, last, at=now, now=now)
        return
    detail = {"sampler": settings.id, "free": status.free, "warn": settings.warn_free}
    ref = f"{FEW}:{settings.id}:{now!r}"
    tell(
        connection, plan, FEW, detail, ref=ref, at=now, now=now, outlet=settings.outlet, lasts=True
    )


def _open(connection: sqlite3.Connection, kind: str, sampler: str) -> events.Event | None:
    """Give what lasts of that kind of a sampler."""
    found = events.all_open(connection, kind)
    return next((one for one in found if one.detail.get("sampler") == sampler), None)


def _slots(settings: SamplerSettings, now: float) -> Iterator[float]:
    """Give the fixed times that have just come, local time of the outlet."""
    midnight = (now + BEIJING_OFFSET_S) // DAY_S * DAY_S - BEIJING_OFFSET_S
    for text in settings.timed:
        at = datetime.time.fromisoformat(text)
        moment = midnight + at.hour * 3600 + at.minute * 60
        if moment <= now < moment + TIMED_S:
            yield moment


def _timed(settings: SamplerSettings, at: float) -> str:
    return f"timed:{settings.id}:{int(at)}"
