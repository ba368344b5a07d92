"""Empties the outbox of one station over one connection.

Alarms first, then live data newest first, then the backlog oldest first under a rate. What is in
flight is bounded; a row leaves the to-do list only when its delivery is known (architecture §3.5).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from agent.bells import Bells
from agent.clock import Clock
from agent.metrics import Metrics
from agent.model import EVENT
from agent.store import outbox
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.store.outbox import Row
from agent.uplink.awaited import Awaited
from agent.uplink.header import Header
from agent.uplink.link import Link, Outcome, Sent
from agent.uplink.manners import Confirmation, Manners, Pause
from agent.uplink.picking import LIVE_S, Picker
from agent.uplink.tally import Tally
from protocols.hj212.answers import Answered
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.times import wire_qn

log = logging.getLogger(__name__)

LOOK_S = 1.0
PATIENT_TIMES = 5
FIRST_WAIT_S = 4.0
LONGEST_WAIT_S = 300.0
"""How long a row waits that was kept more than five times: twice as long each time."""
SETTLING = 128
"""Uploads that may wait for the commit of their end, outside the window: those of two commits."""
WRITTEN = 1000
"""Uploads without a wish for an answer that may wait to see whether the connection lives on."""


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
    frames: FrameLog | None = None
    tally: Tally | None = None
    _busy: dict[int, Row] = field(default_factory=dict)
    _written: int = 0
    """How many of the busy ones only wait whether the connection lives on."""
    _settling: set[int] = field(default_factory=set)
    """Rows whose end is known and is being written down."""
    _awaited: Awaited = field(default_factory=Awaited)
    _picker: Picker = field(init=False)

    def __post_init__(self) -> None:
        self._picker = Picker(self.manners, self.store, self.clock, self.confirmation)

    async def run(self) -> None:
        """Send until the link closes. Raises `LinkError`."""
        loop = asyncio.get_running_loop()
        self._picker.begin(loop.time())
        async with asyncio.TaskGroup() as group:
            while True:
                await self._close_late()
                rows = await self._next(loop.time())
                for row in rows:
                    self._busy[row.id] = row
                    group.create_task(self._deliver(row))
                if not rows:
                    await self.bells.wait(self._bell, LOOK_S / min(self.clock.speed, 20.0))

    def adopt(self, manners: Manners) -> None:
        """Go on in other manners; what is under way ends in the old ones."""
        self.manners = self._picker.manners = manners

    def answered(self, what: Answered) -> None:
        """Take note of a 9014, in the form of any edition."""
        self.acknowledged(self._awaited.meant(what))

    def acknowledged(self, qn: str) -> None:
        """Take note of a 9014 with that QN, also of one that comes after the wait for it."""
        self.confirmation.heard()
        if self._awaited.heard(qn):
            self.bells.ring(self._bell)

    @property
    def _bell(self) -> str:
        return f"outbox:{self.manners.station}"

    async def _close_late(self) -> None:
        """Close the rows whose answer came after all, before they go out again."""
        while self._awaited.late:
            await self._close(self._awaited.late.pop(), "accepted", "9014, late")

    async def _close(self, row: Row, state: str, outcome: str) -> None:
        now = self.clock.now()
        await self.store.write(
            lambda connection: outbox.done(connection, row, state, outcome=outcome, now=now),
            patient=True,
        )

    async def _next(self, at: float) -> list[Row]:
        """Give the rows to hand over now, within what may be in flight."""
        free = self.manners.in_flight - len(self._busy) + self._written
        full = self._written >= WRITTEN or len(self._settling) >= SETTLING
        if free <= 0 or full or self.pause.lasts(at):
            return []
        notices = not self.event_pause.lasts(at)
        busy, settling = dict(self._busy), frozenset(self._settling)
        rows = await self._picker.pick(at, free, busy=busy, settling=settling, notices=notices)
        answered = {row.id for row in self._awaited.late}  # while we looked
        return [row for row in rows if row.id not in answered]

    async def _deliver(self, row: Row) -> None:
        """Hand one row over and write down how it ended; a kept row stays owed."""
        pause = self.event_pause if row.cn == EVENT else self.pause
        try:
            if row.attempts:
                row = await self._renumbered(row)
            sent = await self._exchange(row)
            self._count(row, sent)
            if sent.outcome is Outcome.KEPT:
                self._rest(pause, row, sent.reason)
                await self._put_off(row, sent.reason)
                return
            pause.shorten()
            # its commit waits for company; the window is for what the platform has yet to take
            self._settling.add(row.id)
            del self._busy[row.id]
            self.bells.ring(self._bell)
            await self._close(row, self._state(sent), sent.reason)
        finally:
            self._busy.pop(row.id, None)
            self._settling.discard(row.id)
            self.bells.ring(self._bell)

    async def _put_off(self, row: Row, reason: str) -> None:
        """Let a row that was kept again and again wait, so that it stands before nobody for ever.

        The first times the rest of the whole station is enough.
        """
        times = row.attempts - PATIENT_TIMES
        wait_s = 0.0 if times < 0 else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(times, 16))
        not_before = self.clock.now() + wait_s if wait_s else row.not_before
        await self.store.write(
            lambda connection: outbox.kept(connection, row, not_before=not_before, outcome=reason)
        )

    def _state(self, sent: Sent) -> str:
        if sent.outcome is Outcome.REJECTED:
            log.error("%s: rejected for good: %s", self.manners.station, sent.reason)
            return "rejected"
        return sent.reason if sent.reason == "unconfirmed" else "accepted"

    def _count(self, row: Row, sent: Sent) -> None:
        self.metrics.sent.labels(self.manners.station, sent.outcome).inc()
        if row.cn == EVENT:
            return
        if self.tally is not None:
            self.tally.ended(sent.outcome)
        if self.frames is not None:
            qn = wire_qn(row.qn_ms)
            self.frames.settled(self.manners.station, qn, cn=row.cn, outcome=sent.reason)

    async def _exchange(self, row: Row) -> Sent:
        if row.cn == EVENT:
            return await self.link.tell("event", row.body.encode())
        waited = row.live_from <= self.clock.now() - LIVE_S
        resent = self.manners.rf_on_resend and (waited or row.attempts > 0)
        if row.answer and self._wants_answer():
            return await self._until_answered(row, resent=resent)
        sent = await self._transmit(row, resent=resent)
        if sent.outcome is Outcome.ACCEPTED and not self.link.topics:
            await self._lives_on()
        return sent

    async def _transmit(self, row: Row, *, resent: bool, again: str = "", number: int = 1) -> Sent:
        """Send a row once, under the credentials of this moment; `again`: why once more."""
        try:
            segment = self.header.segment(row, resent=resent)
            frame = self.header.bytes_of(segment)
        except LocalFrameError as error:
            # what cannot be said must not stand before all that follows for ever
            return Sent(Outcome.REJECTED, f"no frame of ours: {error}")
        if self.frames is not None:
            self.frames.sent(
                self.manners.station,
                segment,
                sealed=self.header.seals(row.cn),
                attempt=row.attempts + number,
                reason=again or row.outcome,
            )
        return await self.link.send(row.cn, frame)

    async def _renumbered(self, row: Row) -> Row:
        """Give what goes out once more a number of its own, where the platform wants that."""
        if not self.manners.fresh_qn or (row.pnum > 1 and self.manners.shared_qn):
            return row
        now = self.clock.now()
        return await self.store.write(lambda connection: outbox.renumber(connection, row, now=now))

    async def _lives_on(self) -> None:
        """Wait a time-out: a connection that was dead already ends this task meanwhile.

        What TCP itself still has no acknowledgement for is waited on, until the line is given up.
        """
        self._written += 1
        self.bells.ring(self._bell)
        try:
            wait_s = self.manners.timeout_s
            while True:
                await asyncio.sleep(wait_s)
                if self.link.taken:
                    break
                wait_s = LOOK_S
        finally:
            self._written -= 1

    def _wants_answer(self) -> bool:
        """Say whether 9014 decides; else the broker's acknowledgement does (architecture §3.5)."""
        if self.manners.ack != "auto":
            return self.manners.ack == "9014"
        return self.confirmation.seen or not self.link.shows_delivery

    async def _until_answered(self, row: Row, *, resent: bool) -> Sent:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tries = 1 if self.confirmation.unconfirmed else 1 + self.manners.resends
        again, asked = "", [wire_qn(row.qn_ms)]
        try:
            for number in range(1, tries + 1):
                if number > 1:
                    row = await self._renumbered(row)
                    asked.append(wire_qn(row.qn_ms))
                self._awaited.expect(asked[-1], row, answer)
                sent = await self._transmit(row, resent=resent, again=again, number=number)
                if sent.outcome is not Outcome.ACCEPTED:
                    return sent
                if await self._answer_came(answer):
                    return Sent(Outcome.ACCEPTED, "9014")
                again = f"no 9014 in {self.manners.timeout_s:g} s"
        finally:
            self._awaited.end(asked)  # under whichever number the answer comes, it is the answer
        self.confirmation.silent += 1
        self._awaited.miss(asked[-1], row)
        if self.confirmation.unconfirmed:
            return Sent(Outcome.ACCEPTED, "unconfirmed")
        return Sent(Outcome.KEPT, f"no 9014 after {tries} transmissions")

    async def _answer_came(self, answer: asyncio.Future[None]) -> bool:
        done, _ = await asyncio.wait({answer}, timeout=self.manners.timeout_s)
        return bool(done)

    def _rest(self, pause: Pause, row: Row, reason: str) -> None:
        """Pause the whole station, or only its notices: the next one would fare no better."""
        if pause.begin(asyncio.get_running_loop().time()):
            log.warning("%s: %s kept: %s; trying on", self.manners.station, row.cn, reason)
