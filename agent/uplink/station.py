"""One station of one platform: connect, say who we are, talk until the link breaks, come back.

Full-jitter back-off between attempts, so that 260,000 gateways do not return in the same second.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import functools
import itertools
import logging
import random
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from agent.bells import Bells
from agent.clock import Clock
from agent.errors import LinkError, Rejected, StoreError
from agent.metrics import Metrics
from agent.report import State
from agent.store import journal, link_counts
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.uplink.conversation import Conversation
from agent.uplink.header import Header
from agent.uplink.heartbeat import beat, fresh_qn
from agent.uplink.link import Link, Traffic
from agent.uplink.listener import Listener
from agent.uplink.mqtt import NoGreeting, TakenOver, UnknownVersion
from agent.uplink.opening import AnyLogin, open_link
from agent.uplink.sender import Sender
from agent.uplink.talk import Receiver
from agent.uplink.tally import Counts, Tally
from agent.uplink.terms import Attempt, Contract, LinkState, Way

__all__ = ["Attempt", "Contract", "LinkState", "StationLink", "Way"]

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 1.0
STEADY_S = 30.0
"""A connection that lived this long begins a new series of attempts when it breaks."""
HEALTH_S = 60.0
SAVED_EVERY = 10
"""Minutes after which the counters are written down, each time."""


class End(enum.Enum):
    """How one attempt, or one life of a connection, ended."""

    STEADY = enum.auto()
    CUT = enum.auto()
    FAILED = enum.auto()
    REFUSED = enum.auto()
    OLDER = enum.auto()
    TAKEN_OVER = enum.auto()


@dataclass(slots=True)
class StationLink:
    """Keeps one station connected, for ever."""

    contract: Contract
    store: Store
    clock: Clock
    bells: Bells
    metrics: Metrics
    receiver: Receiver | None = None
    """Who serves what comes down; None: nothing is served."""
    frames: FrameLog | None = None
    carry: Callable[[Link, Callable[[], int]], Coroutine[None, None, None]] | None = None
    """Who sends what goes in parts, over a link with topics; learns how often it was spoken to."""
    state: LinkState = field(default_factory=LinkState)
    tally: Tally = field(init=False)
    connect: Callable[[AnyLogin], AbstractAsyncContextManager[Link]] = open_link
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[float, float], float] = random.uniform
    steady_s: float = STEADY_S
    _spoken: dict[str, bool] = field(default_factory=dict)
    """The version known of an address: it was spoken, or refused."""
    _mute: set[str] = field(default_factory=set)
    """Addresses of unknown version that did not greet us the last time."""
    _refusal: str = ""
    _born: State | None = None
    """The birth as it was last told."""
    _traffic: Traffic | None = None
    _talking: tuple[Sender, Conversation] | None = None

    def __post_init__(self) -> None:
        self.tally = Tally(self.clock.monotonic())

    async def run(self) -> None:
        """Connect and talk; come back after every break. Ends when our session was taken over."""
        saved = await self.store.read(lambda connection: link_counts.load(connection, self._name))
        if saved is not None:
            self.tally.restore(saved, self.clock.monotonic(), self.clock.now())
        try:
            await self._go_on()
        finally:
            with contextlib.suppress(StoreError):  # at the very end it may be closed
                await self._save_counts(patient=False)

    async def _go_on(self) -> None:
        backoff_s, longest_s = FIRST_BACKOFF_S, self.contract.longest_backoff_s
        ways = self.contract.ways
        turn, count = 0, len(ways)
        while True:
            way = ways[turn % count]
            end = await self._once(way)
            if end is End.TAKEN_OVER:
                await self._alarm()
                return
            if end is End.OLDER:
                continue
            if end in (End.FAILED, End.REFUSED):
                turn += 1
            if end is End.STEADY or (end is End.CUT and way.calls_in):
                backoff_s = FIRST_BACKOFF_S  # who calls in must not find the door shut for long
            least_s = 0.0
            if end is End.REFUSED and turn % count == 0:
                # a broker that said no will say it again; some lock out who asks too often
                backoff_s, least_s = longest_s, longest_s / 2
            await self.pause(self.jitter(least_s, backoff_s))
            backoff_s = min(longest_s, backoff_s * 2)

    def adopt(self, contract: Contract) -> None:
        """Go on in other manners (1000) on the same connection; all else is as it was."""
        self.contract = contract
        if self._talking is not None:
            sender, talk = self._talking
            sender.adopt(contract.manners)
            talk.timeout_s = contract.manners.timeout_s

    def counts(self) -> Counts:
        """Give the counters as they are at this moment."""
        now = self.clock.now()
        if self._traffic is not None:
            self.tally.carried(self._traffic, now)
        return self.tally.counts(self.clock.monotonic(), now)

    @property
    def _name(self) -> str:
        return self.contract.manners.station

    async def _once(self, way: Way) -> End:
        """Live through one connection, and say how it ended."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        end = End.FAILED
        try:
            await self._talk(way)
        except* TakenOver as group:
            self._ended(group)
            end = End.TAKEN_OVER
        except* UnknownVersion as group:
            self._ended(group)
            end = self._older(way.address)
        except* NoGreeting as group:
            self._ended(group)
            self._mute ^= {way.address}
        except* Rejected as group:
            self._ended(group)
            end = End.REFUSED
        except* LinkError as group:
            self._ended(group)
        finally:
            talked, self.state.linked = self.state.linked, False
            self.metrics.linked.labels(self._name).set(0)
            self.tally.cut(self.clock.monotonic())
        if talked:
            self.state.drops += 1
        if end is End.FAILED and talked:
            return End.STEADY if loop.time() - began >= self.steady_s else End.CUT
        return end

    async def _talk(self, way: Way) -> None:
        header = await self.contract.header()
        newest = self._version(way.address)
        if way.calls_in:
            self.state.error = f"waiting to be called at {way.address}"
        async with self.connect(self.contract.login(Attempt(way, header, newest))) as link:
            if way.address not in self._mute:
                self._spoken[way.address] = newest
            self._mute.discard(way.address)
            await self._greet(link, way, newest=newest)
            self._traffic = link.traffic
            try:
                await self._converse(link, header)
            finally:
                self.counts()
                self._traffic = None

    async def _converse(self, link: Link, header: Header) -> None:
        """Have all talk over the link who may, until it breaks."""
        manners = self.contract.manners
        sender = Sender(
            manners,
            header,
            link,
            self.store,
            self.clock,
            self.bells,
            self.metrics,
            self.state.confirmation,
            frames=self.frames,
            tally=self.tally,
        )

        def renewed(header: Header) -> None:
            sender.header = header

        talk = Conversation(
            self.contract.station,
            header,
            link,
            manners.timeout_s,
            self.contract.header,
            self._refused,
            renewed,
            self.frames,
        )
        self._talking = sender, talk
        listener = Listener(talk, link, sender, self.receiver)
        async with asyncio.TaskGroup() as group:
            group.create_task(listener.run())
            group.create_task(self._look_after(link))
            if header.mn:  # who has none yet registers first (HJ 212-2025 §6.8)
                group.create_task(sender.run())
            if header.mn and manners.heartbeat_s:
                qn = functools.partial(fresh_qn, self.store, self.clock, self._name)
                group.create_task(beat(talk, manners.heartbeat_s, qn=qn, heard=lambda: talk.heard))
            if self.receiver is not None:
                group.create_task(self.receiver.attend(talk))
            if self.carry is not None and link.topics and header.mn:
                group.create_task(self.carry(link, lambda: talk.heard))

    def _version(self, address: str) -> bool:
        """Choose the version: the one known, else the best; the next one for who did not greet."""
        versions = self.contract.versions
        if address in self._spoken:
            return self._spoken[address]
        return versions[-1] if address in self._mute else versions[0]

    async def _greet(self, link: Link, way: Way, *, newest: bool) -> None:
        spoken = "TCP"
        if link.topics:
            self._born = self.contract.birth()
            await link.tell("state", self._born.payload(), retain=True)
            spoken = "MQTT 5" if newest else "MQTT 3.1.1"
        log.info("%s: connected to %s, %s", self._name, way, spoken)
        self.state.linked, self.state.address = True, way.address
        self.state.interface = way.interface
        self.state.since, self.state.error = self.clock.now(), ""
        self.metrics.linked.labels(self._name).set(1)
        self.tally.linked(self.clock.monotonic())

    async def _look_after(self, link: Link) -> None:
        """Every minute: count what the link carried, and tell our health where it has a place.

        The birth is told anew when it says more: on the very first start the key comes after it.
        """
        for minute in itertools.count():
            self.counts()  # at least so often, so that bytes go to their month
            if minute % SAVED_EVERY == 0:
                await self._save_counts(patient=True)
            if link.topics:
                birth = self.contract.birth()
                if birth != self._born:
                    self._born = birth
                    await link.tell("state", birth.payload(), retain=True)
                health = await self.contract.health()
                await link.tell("health", health, qos=0, retain=True)
            await self.clock.sleep(HEALTH_S)

    async def _save_counts(self, *, patient: bool) -> None:
        """Keep the counters for the next daemon; a power cut costs some minutes of them."""
        saved, name = self.tally.saved(self.clock.monotonic(), self.clock.now()), self._name
        await self.store.write(
            lambda connection: link_counts.save(connection, name, saved), patient=patient
        )

    async def _alarm(self) -> None:
        """Write down that somebody else is us. A reload begins anew."""
        log.error("%s: another client uses our identity; not reconnecting", self._name)
        detail = {"station": self._name, "address": self.state.address}
        now = self.clock.now()

        def note(connection: sqlite3.Connection) -> None:
            journal.add(connection, "session taken over", detail, at=now)

        self.state.taken_over = True
        await self.store.write(note)

    def _refused(self, reason: str) -> None:
        """Count what was refused; a peer that repeats itself is logged once."""
        self.metrics.refused.labels(self._name).inc()
        self.tally.refused += 1
        if reason != self._refusal:
            log.warning("%s: refused what came down: %s", self._name, reason)
        self._refusal = reason

    def _older(self, address: str) -> End:
        """Speak MQTT 3.1.1 from now on, where the settings allow that."""
        if not self._version(address) or False not in self.contract.versions:
            return End.FAILED
        self._spoken[address] = False
        return End.OLDER

    def _ended(self, group: BaseExceptionGroup[LinkError]) -> None:
        """Log a state change once, not each retry."""
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        text = str(error)
        if self.state.linked or text != self.state.error:
            log.warning("%s: %s", self._name, text)
        self.state.error = text
