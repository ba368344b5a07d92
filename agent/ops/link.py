"""One ops server: connect, say that we are there, answer what it asks, come back after a break.

There is no outbox: an answer that does not get out is lost, and is asked for again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from agent import __version__
from agent.clock import Clock
from agent.errors import LinkError, Unreachable
from agent.ops.answers import OpsAnswers
from agent.ordering.envelope import Unreadable
from agent.plan import Plan
from agent.report import State
from agent.settings import OpsServer
from agent.settings.secrets import SecretError, read_secret
from agent.store import journal
from agent.store.db import Store
from agent.uplink.link import Link
from agent.uplink.login import Login, Will
from agent.uplink.mqtt import MqttLink, TakenOver, UnknownVersion

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 1.0
STEADY_S = 30.0
"""A connection that lived this long begins a new series of attempts when it breaks."""
WAITING = 8
"""Questions that may wait; of a server that floods us the rest is dropped."""
DIAGNOSIS = "diagnosis"
ORDER = "order"


def name_of(plan: Plan) -> str:
    """Give the topic level of this gateway: the MN of its first station, else its unit's code."""
    mns = (station.mn for station in plan.stations.values() if station.mn)
    return next(mns, f"logger-{plan.site.unit.code}")


@dataclass(slots=True)
class OpsLink:
    """Keeps one ops server informed, for ever. Ends when our session was taken over."""

    server: OpsServer
    name: str
    answers: OpsAnswers
    store: Store
    clock: Clock
    connect: Callable[[Login], AbstractAsyncContextManager[Link]] = MqttLink
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep
    error: str = ""
    _newest: bool = field(init=False)

    def __post_init__(self) -> None:
        self._newest = self.server.mqtt.version != "3.1.1"

    async def run(self) -> None:
        """Connect, answer, come back."""
        loop, backoff_s, turn = asyncio.get_running_loop(), FIRST_BACKOFF_S, 0
        while True:
            address, began = self.server.addresses[turn % len(self.server.addresses)], loop.time()
            taken_over = False
            try:
                await self._talk(address)
            except* TakenOver:
                taken_over = True
            except* UnknownVersion as group:
                self._ended(group)
                self._newest = self.server.mqtt.version == "5"
            except* LinkError as group:
                self._ended(group)
            if taken_over:
                await self._alarm()
                return
            if loop.time() - began >= STEADY_S:
                backoff_s = FIRST_BACKOFF_S
            turn += 1
            await self.pause(random.uniform(0.0, backoff_s))
            backoff_s = min(self.server.mqtt.reconnect_s, backoff_s * 2)

    async def _talk(self, address: str) -> None:
        """Live through one connection. Raises LinkError, always in a group."""
        questions: asyncio.Queue[bytes] = asyncio.Queue(WAITING)
        async with asyncio.TaskGroup() as group, self.connect(self._login(address)) as link:
            birth = State(online=True, version=__version__, since=self.clock.now())
            await link.tell("state", birth.payload(), retain=True)
            log.info("%s: connected to %s", self.server.id, address)
            self.error = ""
            answering = group.create_task(self._answer(link, questions))
            try:
                await self._listen(link, questions)
            finally:
                answering.cancel()

    async def _listen(self, link: Link, questions: asyncio.Queue[bytes]) -> None:
        while True:
            arrival = await link.receive()
            if arrival.topic.rpartition("/")[2] != ORDER:
                continue
            try:
                questions.put_nowait(arrival.payload)
            except asyncio.QueueFull:
                log.warning("%s: more than %d questions wait, one dropped", self.server.id, WAITING)

    async def _answer(self, link: Link, questions: asyncio.Queue[bytes]) -> None:
        """Answer one after the other: a probe holds up the next question, nobody else."""
        while True:
            payload = await questions.get()
            try:
                messages = await self.answers.answer(self.server.id, payload)
            except Unreadable as problem:
                log.warning("%s: no order: %s", self.server.id, problem)
                continue
            for message in messages:
                await link.tell(DIAGNOSIS, message)

    def _login(self, address: str) -> Login:
        mqtt = self.server.mqtt
        topics = f"{mqtt.prefix}/{self.name}"
        try:
            password = read_secret(mqtt.password) if mqtt.password else None
        except SecretError as problem:
            raise Unreachable(str(problem)) from None
        return Login(
            address=address,
            client_id=f"paikou-ops-{self.name}",
            will=Will(f"{topics}/state", State(online=False).payload()),
            subscribe=(f"{topics}/{ORDER}",),
            newest=self._newest,
            keepalive_s=mqtt.keepalive_s,
            username=mqtt.username,
            password=password,
            ca=mqtt.ca,
            client_cert=mqtt.client_cert,
            client_key=mqtt.client_key,
            topics=topics,
        )

    async def _alarm(self) -> None:
        """Write down that somebody else is us. A reload begins anew."""
        log.error("%s: another client uses our identity; not reconnecting", self.server.id)
        now, detail = self.clock.now(), {"server": self.server.id}

        def note(connection: sqlite3.Connection) -> None:
            journal.add(connection, "session taken over", detail, at=now)

        await self.store.write(note)

    def _ended(self, group: BaseExceptionGroup[LinkError]) -> None:
        """Log a state change once, not each retry."""
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if str(error) != self.error:
            log.warning("%s: %s", self.server.id, error)
        self.error = str(error)
