"""Frames over MQTT: what the topics say, and the acknowledgement once a frame is stored."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from dataclasses import dataclass, field
from typing import Any

from agent.tools.platform.broker_address import BrokerAddress
from agent.tools.platform.bundles import Bundles
from agent.tools.platform.checker import Address
from agent.tools.platform.mqtt_link import (
    BrokerAway,
    Connection,
    Incoming,
    connect,
    pause_s,
)
from agent.tools.platform.platform import Platform

log = logging.getLogger(__name__)

EVIDENCE = "evidence"
_KINDS = ("up/#", "state", "health", "event", "diagnosis")


@dataclass(frozen=True, slots=True)
class TopicChannel:
    """The way down to one station: its topic at the broker."""

    connection: Connection
    topic: str

    def send(self, frame: bytes) -> None:
        """Publish a frame on the station's `down`."""
        self.connection.publish(self.topic, frame)

    def cut(self) -> None:
        """Break our connection to the broker."""
        self.connection.drop()

    @property
    def open(self) -> bool:
        """Whether the connection to the broker lasts."""
        return not self.connection.lost.done()


@dataclass(slots=True)
class MqttIntake:
    """A platform's place at one broker. `run` it in a task; it stops by being cancelled.

    `share` names a group of platforms that take the frames of all stations between them (MQTT 5
    `$share`). One that sends orders names their stations in `listens`, to hear all they say.
    """

    platform: Platform
    address: BrokerAddress
    prefix: str = "hj212"
    client_id: str = "paikou-platform"
    share: str = ""
    listens: tuple[str, ...] = ()
    bundles: Bundles | None = None
    """Where evidence bundles go; None: they are not asked for."""
    _checks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Stay connected and take what comes, until cancelled. Raises `StoreError`."""
        attempt = 0
        if self.bundles is not None:
            for mn, ref in await asyncio.to_thread(self.bundles.waiting):
                self._check(mn, ref)
        while True:
            try:
                connection = await connect(
                    self.address,
                    self.client_id,
                    self._filters(),
                    shared=bool(self.share),
                    overheard=[f"{self.prefix}/{mn}/up/#" for mn in self.listens],
                )
            except BrokerAway as problem:
                if attempt == 0:
                    log.warning("broker away: %s", problem)
                await asyncio.sleep(pause_s(attempt))
                attempt += 1
                continue
            attempt = 0
            await self._live(connection)

    async def _live(self, connection: Connection) -> None:
        def road(mn: str) -> TopicChannel:
            return TopicChannel(connection, f"{self.prefix}/{mn}/down")

        def order(mn: str, payload: bytes) -> None:
            connection.publish(f"{self.prefix}/{mn}/order", payload)

        self.platform.roads.append(road)
        self.platform.order_roads.append(order)
        self.platform.connected.set()
        self.platform.on_link(True)
        try:
            await self._serve(connection)
            self.platform.on_link(False)
        finally:
            self.platform.roads.remove(road)
            self.platform.order_roads.remove(order)
            self.platform.connected.clear()
            await connection.close()

    async def _serve(self, connection: Connection) -> None:
        """Take messages until the connection is lost, and then those already here."""
        inbox = connection.inbox
        while not (connection.lost.done() and inbox.empty()):
            message = asyncio.ensure_future(inbox.get())
            either: set[asyncio.Future[Any]] = {message, connection.lost}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if message.done():
                    self._take(connection, message.result())
            finally:
                message.cancel()
        log.warning("broker lost: %s", connection.lost.result())

    def _take(self, connection: Connection, message: Incoming) -> None:
        parts = message.topic.removeprefix(f"{self.prefix}/").split("/")
        if len(parts) == 3 and parts[1] == "up":
            self._take_frame(connection, message, level=parts[0], cn=parts[2])
            return
        if len(parts) == 4 and parts[1] == EVIDENCE and self.bundles is not None:
            if self.bundles.take(parts[0], parts[2], parts[3], message.payload):
                self._check(parts[0], parts[2])
        elif len(parts) == 2:
            self.platform.note(message.topic, message.payload, mn=parts[0], kind=parts[1])
        connection.acknowledge(message)

    def _check(self, mn: str, ref: str) -> None:
        task = asyncio.ensure_future(self._finish(mn, ref))
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)

    async def _finish(self, mn: str, ref: str) -> None:
        """Have a bundle checked beside the work; a large one takes a while."""
        assert self.bundles is not None
        try:
            found = await asyncio.to_thread(self.bundles.finish, mn, ref)
        except OSError as problem:
            log.warning("bundle %s of %s: %s", ref, mn, problem)
            return
        if found is not None:
            self.platform.tell(found.mn, EVIDENCE, dataclasses.asdict(found))

    def _take_frame(
        self, connection: Connection, message: Incoming, *, level: str, cn: str
    ) -> None:
        channel = TopicChannel(connection, f"{self.prefix}/{level}/down")
        if message.overheard:
            self.platform.overhear(channel, message.payload)
            connection.acknowledge(message)
            return
        mn = self.platform.roster.of_frame(message.payload).mn
        # before it has an MN a logger's topics bear a name of its own, as do its answers to 1002
        right = not mn or self.platform.roster.one_of(mn, level)
        named = Address(mn if right else level, cn)
        entry = self.platform.take(channel, message.payload, topic=message.topic, address=named)
        connection.acknowledge(message)
        self.platform.roster.registered(entry.verdict, level)
        self.platform.reply(channel, entry.verdict)

    def _filters(self) -> list[str]:
        group = f"$share/{self.share}/" if self.share else ""
        found = [f"{group}{self.prefix}/+/{kind}" for kind in _KINDS]
        # all parts of a bundle go to one place, whoever else is of the group
        return found + ([f"{self.prefix}/+/{EVIDENCE}/+/+"] if self.bundles is not None else [])
