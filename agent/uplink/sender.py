"""Empties the outbox of one station over one connection.

Alarms first, then live data newest first, then the backlog oldest first under a rate. What is in
flight is bounded; a row leaves the to-do list only when its delivery is known (architecture §3.5).

One task hands over what may go, all at once, and is woken when something came to its end: at the
speed a backlog drains, a task and a future for each upload would cost more than the upload.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf

from agent.bells import Bells
from agent.clock import Clock
from agent.errors import LinkError
from agent.metrics import Metrics
from agent.model import EVENT
from agent.store import outbox
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.store.outbox import KEPT, End, Row
from agent.uplink.account import Account
from agent.uplink.ahead import Ahead
from agent.uplink.awaited import Awaited
from agent.uplink.flight import Flight
from agent.uplink.header import Header
from agent.uplink.ledger import Ledger
from agent.uplink.link import Link, Outcome, Sent
from agent.uplink.manners import Confirmation, Manners, Pause, not_before
from agent.uplink.picking import LIVE_S, Picker
from agent.uplink.tally import Tally
from protocols.hj212.answers import Answered
from protocols.hj212.errors import LocalFrameError

log = logging.getLogger(__name__)

LOOK_S = 1.0
WRITTEN = 1000
"""Uploads without a wish for an answer that may wait to see whether the connection lives on."""
ANSWERED = Sent(Outcome.ACCEPTED, "9014")


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
    _flights: dict[int, Flight] = field(default_factory=dict)
    _keeping: dict[int, Row] = field(default_factory=dict)
    """Rows that were kept, until that is written down."""
    _written: int = 0
    """How many of the flights only wait whether the connection lives on."""
    _due: float = inf
    """When the first of the waits may end."""
    _broken: LinkError | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _awaited: Awaited = field(default_factory=Awaited)
    _ahead: Ahead = field(default_factory=Ahead)
    _picker: Picker = field(init=False)
    _ledger: Ledger = field(init=False)
    _account: Account = field(init=False)

    def __post_init__(self) -> None:
        self._picker = Picker(self.manners, self.store, self.clock, self.confirmation)
        self._ledger = Ledger(self.store, self.clock, self._noted)
        self._account = Account(self.manners.station, self.metrics, self.frames, self.tally)

    async def run(self) -> None:
        """Send until the link closes. Raises `LinkError`."""
        self._picker.begin(_now())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ledger.run())
                group.create_task(self._heed_bell())
                try:
                    await self._send()
                finally:
                    self._let_go()
        finally:
            self._account.count()

    async def _send(self) -> None:
        while True:
            self._wake.clear()
            self._account.count()
            self._close_late()
            await self._end_waits(_now())
            self._hand_over(await self._next(_now()))
            await self.link.flush()
            if self._broken is not None:
                raise self._broken
            await self._account.room()
            self._make_ahead()
            await self._rest_awake()

    def adopt(self, manners: Manners) -> None:
        """Go on in other manners; what is under way ends in the old ones."""
        self.manners = self._picker.manners = manners

    def answered(self, what: Answered) -> None:
        """Take note of a 9014, in the form of any edition."""
        self.acknowledged(self._awaited.meant(what))

    def acknowledged(self, qn: str) -> None:
        """Take note of a 9014 with that QN, also of one that comes after the wait for it."""
        self.confirmation.heard()
        flight = self._awaited.heard(qn)
        if flight is not None:
            flight.answered = True
            if flight.handed:
                self._end(flight, ANSWERED)
        elif self._awaited.late:
            self._wake.set()

    async def _heed_bell(self) -> None:
        """Look into the outbox when somebody added to it, and every now and then."""
        while True:
            bell = f"outbox:{self.manners.station}"
            await self.bells.wait(bell, LOOK_S / min(self.clock.speed, 20.0))
            self._picker.stale = True
            self._wake.set()

    async def _rest_awake(self) -> None:
        """Wait until there is something to do."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(None if self._due == inf else self._due):
                await self._wake.wait()

    def _close_late(self) -> None:
        """Close the rows whose answer came after all, before they go out again."""
        while self._awaited.late:
            row = self._awaited.late.pop()
            self._picker.forget(row.id)
            self._ledger.note(End(row, "accepted", "9014, late"))

    async def _next(self, at: float) -> list[Row]:
        """Give the rows to hand over now, within what may be in flight."""
        free = self.manners.in_flight - len(self._flights) + self._written
        full = self._written >= WRITTEN or self._ledger.full
        if free <= 0 or full or self.pause.lasts(at):
            return []
        rows = await self._picker.pick(
            at,
            free,
            busy=[*(flight.row for flight in self._flights.values()), *self._keeping.values()],
            settling=self._ledger.settling,
            notices=not self.event_pause.lasts(at),
        )
        answered = {row.id for row in self._awaited.late}  # while we looked
        return await self._renumbered([row for row in rows if row.id not in answered])

    def _hand_over(self, rows: list[Row]) -> None:
        """Hand rows over for the first time."""
        tries = self.manners.tries(self.confirmation, shows_delivery=self.link.shows_delivery)
        for row, resent in self._with_marks(rows):
            asks = row.answer and row.cn != EVENT
            flight = self._flights[row.id] = Flight(row, resent, tries if asks else 0)
            self._transmit(flight)

    def _make_ahead(self) -> None:
        """Print what goes next while there is nothing else to do."""
        if not self._wake.is_set():
            self._ahead.make(
                self.header, self._with_marks(self._picker.ahead(self.manners.in_flight))
            )

    def _with_marks(self, rows: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
        """Give rows, each with whether it is to be marked as sent again."""
        late, marks = self.clock.now() - LIVE_S, self.manners.rf_on_resend
        for row in rows:
            yield row, marks and (row.attempts > 0 or row.live_from <= late)

    def _transmit(self, flight: Flight, again: str = "") -> None:
        """Send a row once, under the credentials of this moment; `again`: why once more."""
        row, flight.handed, flight.due = flight.row, False, inf
        try:
            payload = row.body.encode() if row.cn == EVENT else self._framed(flight, again)
        except LocalFrameError as error:
            # what cannot be said must not stand before all that follows for ever
            self._end(flight, Sent(Outcome.REJECTED, f"no frame of ours: {error}"))
            return
        if flight.tries:
            flight.asked.append(flight.qn)
            self._awaited.expect(flight.qn, flight)
        self.link.post(row.cn, payload, functools.partial(self._handed, flight))

    def _framed(self, flight: Flight, again: str) -> bytes:
        row = flight.row
        written = self._ahead.take(self.header, row, resent=flight.resent)
        flight.qn = written.qn
        sealed = self.header.seals(row.cn)
        self._account.sent(flight, written, sealed=sealed, reason=again or row.outcome)
        return written.frame

    def _handed(self, flight: Flight, how: Sent | LinkError) -> None:
        """Take note of what the link says of a flight: its 9014 may be still to come."""
        if self._flights.get(flight.row.id) is not flight:
            return  # nobody sends any more: what comes now can be noted nowhere
        if isinstance(how, LinkError):
            self._broken = how
            self._wake.set()
        elif how.outcome is not Outcome.ACCEPTED:
            self._end(flight, how)
        elif flight.answered:
            self._end(flight, ANSWERED)
        elif flight.tries or not self.link.topics:
            flight.handed = True
            self._written += flight.written
            self._wait(flight, self.manners.timeout_s)
        else:
            self._end(flight, how)

    def _wait(self, flight: Flight, wait_s: float) -> None:
        flight.due = _now() + wait_s
        if flight.due < self._due:
            self._due = flight.due
            self._wake.set()

    async def _end_waits(self, at: float) -> None:
        """End the waits whose time is over: send again, give up, or see that TCP has it.

        What TCP itself still has no acknowledgement for is waited on, until the line is given up.
        """
        if at < self._due:
            return
        again = []
        for flight in [one for one in self._flights.values() if one.due <= at]:
            if flight.written and self.link.taken:
                self._end(flight, Sent(Outcome.ACCEPTED, "written"))
            elif flight.written:
                flight.due = at + LOOK_S
            elif flight.number < flight.tries:
                again.append(flight)
            else:
                self._give_up(flight)
        for row in await self._renumbered([flight.row for flight in again]):
            if row.id not in self._flights:  # it was answered meanwhile
                continue
            flight = self._flights[row.id]
            flight.row, flight.number = row, flight.number + 1
            self._transmit(flight, f"no 9014 in {self.manners.timeout_s:g} s")
        self._due = min((one.due for one in self._flights.values()), default=inf)

    def _let_go(self) -> None:
        """End what was answered before the link could say that it went; the rest stays owed."""
        for flight in [one for one in self._flights.values() if one.answered]:
            self._end(flight, ANSWERED)
        self._flights.clear()

    def _give_up(self, flight: Flight) -> None:
        """End the wait for a 9014 that did not come; it is still welcome."""
        self.confirmation.silent += 1
        self._awaited.miss(flight.asked[-1], flight.row)
        if self.confirmation.unconfirmed:
            self._end(flight, Sent(Outcome.ACCEPTED, "unconfirmed"))
        else:
            text = f"no 9014 after {flight.tries} transmissions"
            self._end(flight, Sent(Outcome.KEPT, text))

    def _end(self, flight: Flight, sent: Sent) -> None:
        """Write down how a flight ended; a kept row stays owed."""
        row = flight.row
        del self._flights[row.id]
        self._awaited.end(flight.asked)  # under whichever number the answer comes, it is the answer
        self._written -= flight.written
        self._account.ended(flight, sent)
        pause = self.event_pause if row.cn == EVENT else self.pause
        if sent.outcome is Outcome.KEPT:
            self._rest(pause, row, sent.reason)
            self._keeping[row.id] = row
            self._ledger.note(End(row, KEPT, sent.reason, not_before(row, self.clock.now())))
        else:
            pause.shorten()
            self._ledger.note(End(row, self._state(sent), sent.reason))
        self._wake.set()

    def _noted(self, ends: list[End]) -> None:
        """Go on with what waited until these ends were on disk."""
        for end in ends:
            if end.state == KEPT:
                self._keeping.pop(end.row.id, None)
                self._picker.stale = True
        self._wake.set()

    def _state(self, sent: Sent) -> str:
        if sent.outcome is Outcome.REJECTED:
            log.error("%s: rejected for good: %s", self.manners.station, sent.reason)
            return "rejected"
        return sent.reason if sent.reason == "unconfirmed" else "accepted"

    async def _renumbered(self, rows: list[Row]) -> list[Row]:
        """Give what goes out once more a number of its own, where the platform wants that."""
        if not self.manners.fresh_qn or not rows:
            return rows
        fresh = {row.id for row in rows if self._is_repeated(row)}
        now = self.clock.now()
        return await self.store.write(
            lambda connection: outbox.renumbered(connection, rows, fresh, now=now)
        )

    def _is_repeated(self, row: Row) -> bool:
        shared = row.pnum > 1 and self.manners.shared_qn
        return (row.attempts > 0 or row.id in self._flights) and not shared

    def _rest(self, pause: Pause, row: Row, reason: str) -> None:
        """Pause the whole station, or only its notices: the next one would fare no better."""
        if pause.begin(_now()):
            log.warning("%s: %s kept: %s; trying on", self.manners.station, row.cn, reason)


def _now() -> float:
    return asyncio.get_running_loop().time()
