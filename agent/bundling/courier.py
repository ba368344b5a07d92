"""Sends bundles to one station over its link: a manifest, then parts, one after the other.

    {prefix}/{mn}/evidence/{ref}/0    JSON: what it is, how many parts, SHA-256 of the whole
    {prefix}/{mn}/evidence/{ref}/1…   the bytes of the file, `part_bytes` each

One part is under way at a time, so that it takes little of what live data need. What the broker has
acknowledged is written down; after an outage or a restart the next part goes.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from agent.bells import Bells
from agent.bundling import places
from agent.bundling.terms import Terms
from agent.clock import Clock
from agent.errors import LinkError
from agent.report.notices import Notice
from agent.store import bundles, journal
from agent.store.bundles import Bundle
from agent.store.db import Store
from agent.uplink.link import Link, Outcome
from protocols.hj212.times import wire_time

log = logging.getLogger(__name__)

LOOK_S = 2.0
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0
MUTE_S = 300.0
"""How long a platform may be silent before it is sent bundles all the same."""
BUDGET_S = 60.0
"""How often to look whether there is a new month, or a larger budget."""
USED_UP = "the month's budget is used up"


class BundleManifest(Notice):
    """`hj212/{mn}/evidence/{ref}/0`: what the parts 1 to `parts` are of; `failed`: none come."""

    ref: str
    state: Literal["made", "failed"]
    unit: str
    begin: float
    end: float
    event: int | None
    bytes: int
    parts: int
    part_bytes: int
    sha256: str
    key: str
    reason: str = ""


@dataclass(slots=True)
class Courier:
    """Of one station. `terms` gives those in force; it outlives each connection."""

    station: str
    unit: str
    key: Callable[[], str]
    terms: Callable[[], Terms]
    store: Store
    clock: Clock
    bells: Bells
    _rest_s: float = 0.0
    """How long nothing is sent after a line broke under a part."""

    async def carry(self, link: Link, heard: Callable[[], int]) -> None:
        """Send what is there, for as long as the link lives. Raises LinkError.

        Where the broker does not say whether anybody took a message (MQTT 3.1.1), the platform
        must have spoken first: what comes before it does would be lost.
        """
        await asyncio.sleep(self._rest_s)
        if not link.shows_delivery:
            await self._until_spoken_to(heard)
        while True:
            one = await self.store.read(self._next)
            if one is None or not await self._step(one, link):
                await self.bells.wait(f"bundles:{self.station}", LOOK_S)

    async def _until_spoken_to(self, heard: Callable[[], int]) -> None:
        """Wait for that, but not for ever: some platforms answer nothing."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + MUTE_S
        while not heard() and loop.time() < deadline:
            await self.bells.wait(f"bundles:{self.station}", LOOK_S)

    def _next(self, connection: sqlite3.Connection) -> Bundle | None:
        ready = (
            one
            for one in bundles.open_ones(connection, self.station)
            if one.state in ("made", "failed")
        )
        return next(ready, None)

    async def _step(self, one: Bundle, link: Link) -> bool:
        """Do the next thing for a bundle; False when there is nothing to be done now."""
        if one.state == "made" and one.acked > one.parts:
            await self._finish(one)
            return True
        if one.state == "failed":
            return await self._hand_over(one, 0, self._manifest(one), link)
        payload = await asyncio.to_thread(self._payload, one)
        if payload is None:
            log.warning("evidence %s: its file is gone: made anew", one.ref)
            await self.store.write(partial(bundles.again, one=one))
            self.bells.ring("bundles")
            return True
        if not await self._affordable(one, len(payload)):
            await asyncio.sleep(BUDGET_S / min(self.clock.speed, 60.0))
            return False
        return await self._hand_over(one, one.acked, payload, link)

    def _payload(self, one: Bundle) -> bytes | None:
        """Give the part that is next; None when the file is not the one that was made."""
        path = self._path(one)
        if one.acked == 0:
            return self._manifest(one) if places.digest(path) == one.sha256 else None
        assert one.part_bytes is not None
        assert one.bytes is not None
        try:
            found = places.part(path, one.acked, one.part_bytes)
        except OSError:
            return None
        wanted = min(one.part_bytes, one.bytes - (one.acked - 1) * one.part_bytes)
        return found if len(found) == wanted else None

    async def _affordable(self, one: Bundle, size: int) -> bool:
        monthly = self.terms().monthly
        if monthly is None:
            return True
        month = self._month()
        spent = await self.store.read(lambda connection: bundles.spent(
            connection, self.station, month))  # fmt: skip
        if spent + size <= monthly:
            return True
        now = self.clock.now()

        def job(connection: sqlite3.Connection) -> None:
            if bundles.waits(connection, one, USED_UP):
                detail = {"ref": one.ref, "station": one.station, "month": month, "spent": spent}
                journal.add(connection, "evidence waits for its budget", detail, at=now)

        await self.store.write(job)
        return False

    async def _hand_over(self, one: Bundle, number: int, payload: bytes, link: Link) -> bool:
        """Send a part and note that it is over there; False when it is to wait."""
        try:
            sent = await link.tell(f"evidence/{one.ref}/{number}", payload)
        except LinkError:
            # a part that the line cannot carry must not break it again and again
            self._rest_s = min(LONGEST_WAIT_S, 2 * self._rest_s or FIRST_WAIT_S)
            raise
        if sent.outcome is Outcome.ACCEPTED:
            self._rest_s = 0.0
            await self._note(one, number, len(payload))
            return True
        if sent.outcome is Outcome.REJECTED and one.state == "made":
            await self.store.write(partial(bundles.failed, one=one, why=sent.reason))
            return True
        await self.store.write(partial(bundles.waits, one=one, why=sent.reason))
        return False

    async def _note(self, one: Bundle, number: int, size: int) -> None:
        now, month = self.clock.now(), self._month()

        def job(connection: sqlite3.Connection) -> None:
            if one.state == "failed":
                bundles.done(connection, one, now=now)
            else:
                bundles.acknowledged(connection, one, number, size=size, month=month)

        await self.store.write(job)

    async def _finish(self, one: Bundle) -> None:
        now = self.clock.now()

        def job(connection: sqlite3.Connection) -> None:
            bundles.done(connection, one, now=now)
            detail = {"ref": one.ref, "station": one.station, "sha256": one.sha256}
            journal.add(connection, "evidence sent", {**detail, "bytes": one.bytes}, at=now)

        await self.store.write(job)
        await asyncio.to_thread(places.drop, self._path(one))

    def _manifest(self, one: Bundle) -> bytes:
        return BundleManifest(
            ref=one.ref,
            state="failed" if one.state == "failed" else "made",
            unit=self.unit,
            begin=one.begin,
            end=one.end,
            event=one.event,
            bytes=one.bytes or 0,
            parts=one.parts,
            part_bytes=one.part_bytes or 0,
            sha256=one.sha256,
            key=self.key(),
            reason=one.outcome if one.state == "failed" else "",
        ).payload()

    def _path(self, one: Bundle) -> Path:
        return places.folder(self.store.path.parent) / one.name

    def _month(self) -> str:
        local = wire_time(self.clock.now())
        return f"{local[:4]}-{local[4:6]}"
