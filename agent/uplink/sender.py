"""Empties the outbox of one station over one connection.

Alarms first, then live data newest first, then the backlog oldest first under a rate. What is in
flight is bounded; a row leaves the to-do list only when its delivery is known (architecture §3.5).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Iterable
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
from agent.uplink.manners import Confirmation, Manners, Pause
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.times import wire_qn

log = logging.getLogger(__name__)

LIVE_S = 60.0
"""A row that waited longer than this is backlog."""
LOOK_S = 1.0
PATIENT_TIMES = 5
FIRST_WAIT_S = 4.0
LONGEST_WAIT_S = 300.0
"""How long a row waits that was kept more than five times: twice as long each time."""
LATE = 256
"""Uploads whose answer is still welcome after the wait for it has ended."""
EVENTS_PASSED = 5000
"""Notices that may lie before a frame of the same urgency while notices rest."""


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
    pause: Pause = field(default_factory=Pause)
    event_pause: Pause = field(default_factory=Pause)
    _busy: dict[int, Row] = field(default_factory=dict)
    _answers: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _silent: dict[str, Row] = field(default_factory=dict)
    _late: list[Row] = field(default_factory=list)
    _tokens: float = 1.0
    _refilled_at: float = 0.0

    async def run(self) -> None:
        """Send until the link closes. Raises `LinkError`."""
        loop = asyncio.get_running_loop()
        # after an outage of the platform every gateway would start its backlog at once
        self._tokens = -random.uniform(0, self.manners.send_window_s) * self.manners.backlog_per_s
        self._refilled_at = loop.time()
        async with asyncio.TaskGroup() as group:
            while True:
                await self._close_late()
                rows = await self._next(loop.time())
                for row in rows:
                    self._busy[row.id] = row
                    group.create_task(self._deliver(row))
                if not rows:
                    await self.bells.wait(self._bell, LOOK_S / min(self.clock.speed, 20.0))

    def acknowledged(self, qn: str) -> None:
        """Take note of a 9014 with that QN, also of one that comes after the wait for it."""
        self.confirmation.heard()
        future = self._answers.get(qn)
        if future is None:
            row = self._silent.pop(qn, None)
            if row is not None:
                self._late.append(row)
                self.bells.ring(self._bell)
        elif not future.done():
            future.set_result(None)

    @property
    def _bell(self) -> str:
        return f"outbox:{self.manners.station}"

    async def _close_late(self) -> None:
        """Close the rows whose answer came after all, before they go out again."""
        while self._late:
            await self._close(self._late.pop(), "accepted", "9014, late")

    async def _close(self, row: Row, state: str, outcome: str) -> None:
        now = self.clock.now()
        await self.store.write(
            lambda connection: outbox.done(connection, row, state, outcome=outcome, now=now),
            patient=True,
        )

    async def _next(self, at: float) -> list[Row]:
        """Give the rows to hand over now, within what may be in flight."""
        free = self.manners.in_flight - len(self._busy)
        if free <= 0 or self.pause.lasts(at):
            return []
        now, busy = self.clock.now(), dict(self._busy)
        rows = await self._due(at, now, busy, free)
        backlog = await self._backlog(at, now, busy, free - len(rows))
        chosen = _in_packet_order(rows + backlog, busy.values())
        self._tokens -= sum(row in backlog for row in chosen)
        return chosen

    async def _due(self, at: float, now: float, busy: Collection[int], free: int) -> list[Row]:
        """Give alarms and live rows; while notices rest they stand in nobody's way."""
        resting = self.event_pause.lasts(at)
        limit = free + EVENTS_PASSED if resting else free
        station = self.manners.station
        rows = await self.store.read(
            lambda connection: outbox.to_send(
                connection, station, now=now, live_s=LIVE_S, limit=limit, busy=busy
            )
        )
        return [row for row in rows if not (resting and row.cn == EVENT)][:free]

    async def _backlog(self, at: float, now: float, busy: Collection[int], free: int) -> list[Row]:
        rate = self.manners.backlog_per_s * self.clock.speed
        self._tokens = min(max(1.0, rate), self._tokens + (at - self._refilled_at) * rate)
        self._refilled_at = at
        # an unconfirmed platform gets each upload once and no backlog by itself
        limit = 0 if self.confirmation.unconfirmed else min(free, int(self._tokens))
        if limit <= 0:
            return []
        station = self.manners.station
        return await self.store.read(
            lambda connection: outbox.backlog(
                connection, station, now=now, live_s=LIVE_S, limit=limit, busy=busy
            )
        )

    async def _deliver(self, row: Row) -> None:
        """Hand one row over and write down how it ended; a kept row stays owed."""
        pause = self.event_pause if row.cn == EVENT else self.pause
        try:
            sent = await self._exchange(row)
            self.metrics.sent.labels(self.manners.station, sent.outcome).inc()
            if sent.outcome is Outcome.KEPT:
                self._rest(pause, row, sent.reason)
                await self._put_off(row)
                return
            pause.shorten()
            await self._close(row, self._state(sent), sent.reason)
        finally:
            del self._busy[row.id]
            self.bells.ring(self._bell)

    async def _put_off(self, row: Row) -> None:
        """Let a row that was kept again and again wait, so that it stands before nobody for ever.

        The first times the rest of the whole station is enough.
        """
        times = row.attempts - PATIENT_TIMES
        wait_s = 0.0 if times < 0 else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(times, 16))
        not_before = self.clock.now() + wait_s if wait_s else row.not_before
        await self.store.write(
            lambda connection: outbox.kept(connection, row, not_before=not_before)
        )

    def _state(self, sent: Sent) -> str:
        if sent.outcome is Outcome.REJECTED:
            log.error("%s: rejected for good: %s", self.manners.station, sent.reason)
            return "rejected"
        return sent.reason if sent.reason == "unconfirmed" else "accepted"

    async def _exchange(self, row: Row) -> Sent:
        if row.cn == EVENT:
            return await self.link.publish(f"{self.manners.topics}/event", row.body.encode())
        waited = row.live_from <= self.clock.now() - LIVE_S
        resent = self.manners.rf_on_resend and (waited or row.attempts > 0)
        try:
            frame = self.header.frame(row, resent=resent)
        except LocalFrameError as error:
            # what cannot be said must not stand before all that follows for ever
            return Sent(Outcome.REJECTED, f"no frame of ours: {error}")
        topic = f"{self.manners.topics}/up/{row.cn}"
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
        self._silent.pop(qn, None)
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
        self._miss(qn, row)
        if self.confirmation.unconfirmed:
            return Sent(Outcome.ACCEPTED, "unconfirmed")
        return Sent(Outcome.KEPT, f"no 9014 after {tries} transmissions")

    def _miss(self, qn: str, row: Row) -> None:
        """Count an upload without answer, and go on listening for it."""
        self.confirmation.silent += 1
        self._silent[qn] = row
        while len(self._silent) > LATE:
            del self._silent[next(iter(self._silent))]

    async def _answered(self, answer: asyncio.Future[None]) -> bool:
        done, _ = await asyncio.wait({answer}, timeout=self.manners.timeout_s)
        return bool(done)

    def _rest(self, pause: Pause, row: Row, reason: str) -> None:
        """Pause the whole station, or only its notices: the next one would fare no better."""
        if pause.begin(asyncio.get_running_loop().time()):
            log.warning("%s: %s kept: %s; trying on", self.manners.station, row.cn, reason)


def _in_packet_order(rows: Iterable[Row], busy: Iterable[Row]) -> list[Row]:
    """Hold back a later packet of an upload while an earlier one is under way.

    `busy` is what was left out of `rows`: an earlier packet that was kept meanwhile counts, too.
    """
    under_way = {_upload(row) for row in busy if row.pnum > 1}
    chosen = []
    for row in rows:
        if row.pnum > 1:
            if _upload(row) in under_way:
                continue
            under_way.add(_upload(row))
        chosen.append(row)
    return chosen


def _upload(row: Row) -> tuple[str, str, int, int]:
    return row.cn, row.st, row.at, row.revision
