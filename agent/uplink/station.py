"""One station of one platform: connect, say who we are, talk until the link breaks, come back.

Full-jitter back-off between attempts, so that 260,000 gateways do not return in the same second.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from agent.bells import Bells
from agent.clock import Clock
from agent.errors import LinkError, Rejected
from agent.metrics import Metrics
from agent.report.notices import State
from agent.store import journal
from agent.store.db import Store
from agent.uplink.dispatcher import Dispatcher
from agent.uplink.header import Header
from agent.uplink.link import Link
from agent.uplink.login import Login
from agent.uplink.manners import Confirmation, Manners
from agent.uplink.mqtt import MqttLink, NoGreeting, TakenOver, UnknownVersion
from agent.uplink.sender import Sender

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 1.0
STEADY_S = 30.0
"""A connection that lived this long begins a new series of attempts when it breaks."""
HEALTH_S = 60.0


class End(enum.Enum):
    """How one attempt, or one life of a connection, ended."""

    STEADY = enum.auto()
    CUT = enum.auto()
    FAILED = enum.auto()
    REFUSED = enum.auto()
    OLDER = enum.auto()
    TAKEN_OVER = enum.auto()


@dataclass(slots=True)
class LinkState:
    """What is to be seen of a station's link."""

    linked: bool = False
    address: str = ""
    since: float | None = None
    error: str = ""
    drops: int = 0
    taken_over: bool = False
    confirmation: Confirmation = field(default_factory=Confirmation)


@dataclass(frozen=True, slots=True)
class Contract:
    """What a station brings to a connection. Secrets are read anew for each one.

    `header` and `login` raise Unreachable while a secret they need is not there.
    """

    manners: Manners
    mn: str
    addresses: tuple[str, ...]
    header: Callable[[], Header]
    login: Callable[[str, bool], Login]
    """Address and whether MQTT 5 is spoken -> the login."""
    versions: tuple[bool, ...]
    """Which versions may be tried, best first: True is MQTT 5."""
    birth: Callable[[], State]
    health: Callable[[], Awaitable[bytes]]
    longest_backoff_s: float = 120.0


@dataclass(slots=True)
class StationLink:
    """Keeps one station connected, for ever."""

    contract: Contract
    store: Store
    clock: Clock
    bells: Bells
    metrics: Metrics
    state: LinkState = field(default_factory=LinkState)
    connect: Callable[[Login], AbstractAsyncContextManager[Link]] = MqttLink
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[float, float], float] = random.uniform
    steady_s: float = STEADY_S
    _spoken: dict[str, bool] = field(default_factory=dict)
    """The version known of an address: it was spoken, or refused."""
    _mute: set[str] = field(default_factory=set)
    """Addresses of unknown version that did not greet us the last time."""
    _refusal: str = ""

    async def run(self) -> None:
        """Connect and talk; come back after every break. Ends when our session was taken over."""
        backoff_s, longest_s = FIRST_BACKOFF_S, self.contract.longest_backoff_s
        turn, count = 0, len(self.contract.addresses)
        while True:
            end = await self._once(self.contract.addresses[turn % count])
            if end is End.TAKEN_OVER:
                await self._alarm()
                return
            if end is End.OLDER:
                continue
            if end in (End.FAILED, End.REFUSED):
                turn += 1
            if end is End.STEADY:
                backoff_s = FIRST_BACKOFF_S
            least_s = 0.0
            if end is End.REFUSED and turn % count == 0:
                # a broker that said no will say it again; some lock out who asks too often
                backoff_s, least_s = longest_s, longest_s / 2
            await self.pause(self.jitter(least_s, backoff_s))
            backoff_s = min(longest_s, backoff_s * 2)

    @property
    def _name(self) -> str:
        return self.contract.manners.station

    async def _once(self, address: str) -> End:
        """Live through one connection, and say how it ended."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        end = End.FAILED
        try:
            await self._talk(address)
        except* TakenOver as group:
            self._ended(group)
            end = End.TAKEN_OVER
        except* UnknownVersion as group:
            self._ended(group)
            end = self._older(address)
        except* NoGreeting as group:
            self._ended(group)
            self._mute ^= {address}
        except* Rejected as group:
            self._ended(group)
            end = End.REFUSED
        except* LinkError as group:
            self._ended(group)
        finally:
            talked, self.state.linked = self.state.linked, False
            self.metrics.linked.labels(self._name).set(0)
        if talked:
            self.state.drops += 1
        if end is End.FAILED and talked:
            return End.STEADY if loop.time() - began >= self.steady_s else End.CUT
        return end

    async def _talk(self, address: str) -> None:
        header = self.contract.header()
        newest = self._version(address)
        async with self.connect(self.contract.login(address, newest)) as link:
            if address not in self._mute:
                self._spoken[address] = newest
            self._mute.discard(address)
            await self._greet(link, address, "MQTT 5" if newest else "MQTT 3.1.1")
            sender = Sender(
                self.contract.manners,
                header,
                link,
                self.store,
                self.clock,
                self.bells,
                self.metrics,
                self.state.confirmation,
            )
            dispatcher = Dispatcher(header, sender.acknowledged, self._refused, handlers={})
            async with asyncio.TaskGroup() as group:
                group.create_task(sender.run())
                group.create_task(self._listen(link, dispatcher))
                group.create_task(self._tell_health(link))

    def _version(self, address: str) -> bool:
        """Choose the version: the one known, else the best; the next one for who did not greet."""
        versions = self.contract.versions
        if address in self._spoken:
            return self._spoken[address]
        return versions[-1] if address in self._mute else versions[0]

    async def _greet(self, link: Link, address: str, version: str) -> None:
        await link.publish(self._topic("state"), self.contract.birth().payload(), retain=True)
        log.info("%s: connected to %s, %s", self._name, address, version)
        self.state.linked, self.state.address = True, address
        self.state.since, self.state.error = self.clock.now(), ""
        self.metrics.linked.labels(self._name).set(1)

    async def _listen(self, link: Link, dispatcher: Dispatcher) -> None:
        async def reply(frame: bytes) -> None:
            await link.publish(self._topic("up/9011"), frame)

        while True:
            arrival = await link.receive()
            if arrival.topic == self._topic("down"):
                await dispatcher.take(arrival.payload, reply)

    async def _tell_health(self, link: Link) -> None:
        while True:
            await link.publish(
                self._topic("health"), await self.contract.health(), qos=0, retain=True
            )
            await self.clock.sleep(HEALTH_S)

    async def _alarm(self) -> None:
        """Write down that somebody else is us. A reload begins anew."""
        log.error("%s: another client uses our identity; not reconnecting", self._name)
        detail = {"station": self._name, "address": self.state.address}
        now = self.clock.now()

        def note(connection: sqlite3.Connection) -> None:
            journal.add(connection, "session taken over", detail, at=now)

        self.state.taken_over = True
        await self.store.write(note)

    def _topic(self, rest: str) -> str:
        return f"{self.contract.manners.topics}/{rest}"

    def _refused(self, reason: str) -> None:
        """Count what was refused; a peer that repeats itself is logged once."""
        self.metrics.refused.labels(self._name).inc()
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
