"""One station of one platform: connect, say who we are, talk until the link breaks, come back.

Full-jitter back-off between attempts, so that 260,000 gateways do not return in the same second.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent.bells import Bells
from agent.clock import Clock
from agent.errors import LinkError, Rejected
from agent.metrics import Metrics
from agent.report.notices import State
from agent.store.db import Store
from agent.uplink.dispatcher import Dispatcher
from agent.uplink.header import Header
from agent.uplink.link import Arrival
from agent.uplink.mqtt import Login, MqttLink, TakenOver, UnknownVersion
from agent.uplink.sender import Confirmation, Manners, Sender

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 120.0
HEALTH_S = 60.0


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
    """What a station brings to a connection. Secrets are read anew for each one."""

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


@dataclass(slots=True)
class StationLink:
    """Keeps one station connected, for ever."""

    contract: Contract
    store: Store
    clock: Clock
    bells: Bells
    metrics: Metrics
    state: LinkState = field(default_factory=LinkState)
    _spoken: dict[str, bool] = field(default_factory=dict)

    async def run(self) -> None:
        """Connect and talk; come back after every break. Ends when our session was taken over."""
        backoff_s = FIRST_BACKOFF_S
        turn = 0
        while True:
            address = self.contract.addresses[turn % len(self.contract.addresses)]
            talked = await self._once(address)
            if self.state.taken_over:
                log.error("%s: another client uses our identity; not reconnecting", self._name)
                return
            if talked:
                backoff_s = FIRST_BACKOFF_S
            else:
                turn += 1
            await asyncio.sleep(random.uniform(0, backoff_s))
            backoff_s = min(LONGEST_BACKOFF_S, backoff_s * 2)

    @property
    def _name(self) -> str:
        return self.contract.manners.station

    async def _once(self, address: str) -> bool:
        """Live through one connection; True when it came about."""
        try:
            await self._talk(address)
        except* TakenOver as group:
            self._ended(group)
            self.state.taken_over = True
        except* UnknownVersion as group:
            self._ended(group)
            self._older(address)
        except* Rejected as group:
            self._ended(group)
            log.error("%s: refused by the platform: %s", self._name, self.state.error)
        except* LinkError as group:
            self._ended(group)
        talked, self.state.linked = self.state.linked, False
        self.metrics.linked.labels(self._name).set(0)
        if talked:
            self.state.drops += 1
        return talked

    async def _talk(self, address: str) -> None:
        newest = self._spoken.get(address, self.contract.versions[0])
        header = self.contract.header()
        async with MqttLink(self.contract.login(address, newest)) as link:
            await self._greet(link, address)
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

    async def _greet(self, link: MqttLink, address: str) -> None:
        await link.publish(self._topic("state"), self.contract.birth().payload(), retain=True)
        if not self.state.linked and self.state.error:
            log.info("%s: connected to %s again", self._name, address)
        self.state.linked, self.state.address = True, address
        self.state.since, self.state.error = self.clock.now(), ""
        self.metrics.linked.labels(self._name).set(1)

    async def _listen(self, link: MqttLink, dispatcher: Dispatcher) -> None:
        async def reply(frame: bytes) -> None:
            await link.publish(self._topic("up/9011"), frame)

        while True:
            arrival: Arrival = await link.receive()
            if arrival.topic == self._topic("down"):
                await dispatcher.take(arrival.payload, reply)

    async def _tell_health(self, link: MqttLink) -> None:
        while True:
            await link.publish(
                self._topic("health"), await self.contract.health(), qos=0, retain=True
            )
            await self.clock.sleep(HEALTH_S)

    def _topic(self, rest: str) -> str:
        return f"{self.contract.manners.prefix}/{self.contract.mn}/{rest}"

    def _refused(self, reason: str) -> None:
        self.metrics.refused.labels(self._name).inc()
        log.warning("%s: refused what came down: %s", self._name, reason)

    def _older(self, address: str) -> None:
        """Speak MQTT 3.1.1 from now on, where the settings allow that."""
        if False in self.contract.versions:
            self._spoken[address] = False

    def _ended(self, group: BaseExceptionGroup[LinkError]) -> None:
        """Log a state change once, not each retry."""
        error = group.exceptions[0]
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        text = str(error)
        if self.state.linked or text != self.state.error:
            log.warning("%s: %s", self._name, text)
        self.state.error = text
