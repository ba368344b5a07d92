"""Empties the outbox of one station over one connection.

Alarms first, then live data newest first, then the backlog oldest first under a rate. What is in
flight is bounded; a row leaves the to-do list only when its delivery is known (architecture §3.5).
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field

from agent.bells import Bells
from agent.clock import Clock
from agent.metrics import Metrics
from agent.model import EVENT
from agent.store import outbox
from agent.store.db import Store
from agent.store.outbox import Row
from agent.uplink.header import Header
from agent.uplink.link import Link, Outcome, Sent
from protocols.hj212.times import wire_qn

log = logging.getLogger(__name__)

LIVE_S = 60.0
"""A row that waited longer than this is backlog."""
LOOK_S = 1.0
SILENT_UPLOADS = 5
"""Uploads without any 9014 on a live connection before the station counts as unconfirmed."""
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How a destination wants to be talked to."""

    station: str
    prefix: str
    ack: str
    timeout_s: float
    resends: int
    in_flight: int
    backlog_per_s: float
    send_window_s: float


@dataclass(slots=True)
class Confirmation:
    """What is known about whether the platform answers 9014; outlives a connection."""

    seen: bool = False
    silent: int = 0

    @property
    def unconfirmed(self) -> bool:
        """Say whether the platform has stopped, or never started, to answer."""
        return self.silent >= SILENT_UPLOADS


@dataclass(slots=True)
class Sender:
    """One station's sender for the life of one link."""

    manners: Manners
    header: Header
    link: Link
    store: Store
    clock: Clock
    bells: Bells
    metrics: Metrics
    confirmation: Confirmation
    _busy: dict[int, Row] = field(default_factory=dict)
    _answers: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _paused_until: float = 0.0
    _pause_s: float = FIRST_PAUSE_S
    _tokens: float = 1.0
    _refilled_at: float = 0.0

    async def run(self) -> None:
        """Send until the link closes. Raises `LinkError`."""
        loop = asyncio.get_running_loop()
        # after an outage of the platform every gateway would start its backlog at once
        self._tokens = -random.uniform(0, self.manners.send_window_s) * self.manners.backlog_per_s
        self._refilled_at = loop.time()
        bell = f"outbox:{self.manners.station}"
        async with asyncio.TaskGroup() as group:
            while True:
                rows = await self._next(loop.time())
                for row in rows:
                    self._busy[row.id] = row
                    group.create_task(self._deliver(row))
                if not rows:
                    await self.bells.wait(bell, LOOK_S / min(self.clock.speed, 20.0))

    def acknowledged(self, qn: str) -> None:
        """Take note of a 9014 with that QN."""
        self.confirmation.seen = True
        self.confirmation.silent = 0
        future = self._answers.get(qn)
        if future is not None and not future.done():
            future.set_result(None)

    async def _next(self, at: float) -> list[Row]:
        """Give the rows to hand over now, within what may be in flight."""
        free = self.manners.in_flight - len(self._busy)
        if free <= 0 or at < self._paused_until:
            return []
        now = self.clock.now()
        station, busy = self.manners.station, tuple(self._busy)
        rows = await self.store.read(
            lambda connection: outbox.to_send(
                connection, station, now=now, live_s=LIVE_S, limit=free, busy=busy
            )
        )
        rows += await self._backlog(at, now, free - len(rows))
        return self._in_packet_order(rows)

    async def _backlog(self, at: float, now: float, free: int) -> list[Row]:
        rate = self.manners.backlog_per_s * self.clock.speed
        self._tokens = min(rate, self._tokens + (at - self._refilled_at) * rate)
        self._refilled_at = at
        # an unconfirmed platform gets each upload once and no backlog by itself
        limit = 0 if self.confirmation.unconfirmed else min(free, int(self._tokens))
        if limit <= 0:
            return []
        station, busy = self.manners.station, tuple(self._busy)
        rows = await self.store.read(
            lambda connection: outbox.backlog(
                connection, station, now=now, live_s=LIVE_S, limit=limit, busy=busy
            )
        )
        self._tokens -= len(rows)
        return rows

    def _in_packet_order(self, rows: list[Row]) -> list[Row]:
        """Hold back a later packet of an upload while an earlier one is under way."""
        under_way = {_upload(row) for row in self._busy.values() if row.pnum > 1}
        chosen = []
        for row in rows:
            if row.pnum > 1:
                if _upload(row) in under_way:
                    continue
                under_way.add(_upload(row))
            chosen.append(row)
        return chosen

    async def _deliver(self, row: Row) -> None:
        """Hand one row over and write down how it ended; a kept row stays owed."""
        try:
            sent = await self._exchange(row)
            self.metrics.sent.labels(self.manners.station, sent.outcome).inc()
            if sent.outcome is Outcome.KEPT:
                self._rest(sent.reason)
                return
            self._pause_s = FIRST_PAUSE_S
            state = self._state(sent)
            now = self.clock.now()
            await self.store.write(
                lambda connection: outbox.done(connection, row, state, outcome=sent.reason, now=now)
            )
        finally:
            del self._busy[row.id]
            self.bells.ring(f"outbox:{self.manners.station}")

    def _state(self, sent: Sent) -> str:
        if sent.outcome is Outcome.REJECTED:
            log.error("%s: rejected for good: %s", self.manners.station, sent.reason)
            return "rejected"
        return sent.reason if sent.reason == "unconfirmed" else "accepted"

    async def _exchange(self, row: Row) -> Sent:
        if row.cn == EVENT:
            return await self.link.publish(self._topic("event"), row.body.encode())
        resent = row.created_at < self.clock.now() - LIVE_S
        frame = self.header.frame(row, resent=resent)
        topic = self._topic(f"up/{row.cn}")
        if not (row.answer and self._wants_answer()):
            return await self.link.publish(topic, frame)
        return await self._until_answered(row, topic, frame)

    def _wants_answer(self) -> bool:
        """Say whether 9014 decides; else the broker's acknowledgement does (architecture §3.5)."""
        if self.manners.ack != "auto":
            return self.manners.ack == "9014"
        return self.confirmation.seen or not self.link.shows_delivery

    async def _until_answered(self, row: Row, topic: str, frame: bytes) -> Sent:
        qn = wire_qn(row.qn_ms)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers[qn] = answer
        tries = 1 if self.confirmation.unconfirmed else 1 + self.manners.resends
        try:
            for _ in range(tries):
                sent = await self.link.publish(topic, frame)
                if sent.outcome is not Outcome.ACCEPTED:
                    return sent
                if await self._answered(answer):
                    return Sent(Outcome.ACCEPTED, "9014")
        finally:
            del self._answers[qn]
        self.confirmation.silent += 1
        if self.confirmation.unconfirmed:
            return Sent(Outcome.ACCEPTED, "unconfirmed")
        return Sent(Outcome.KEPT, f"no 9014 after {tries} transmissions")

    async def _answered(self, answer: asyncio.Future[None]) -> bool:
        try:
            async with asyncio.timeout(self.manners.timeout_s):
                await asyncio.shield(answer)
        except TimeoutError:
            return False
        return True

    def _rest(self, reason: str) -> None:
        """Pause the whole station: the next message would fare no better."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._paused_until:
            return
        log.warning("%s: kept: %s; next try in %.0f s", self.manners.station, reason, self._pause_s)
        self._paused_until = loop.time() + self._pause_s
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)

    def _topic(self, rest: str) -> str:
        return f"{self.manners.prefix}/{self.header.mn}/{rest}"


def _upload(row: Row) -> tuple[str, str, int, int]:
    return row.cn, row.st, row.at, row.revision
