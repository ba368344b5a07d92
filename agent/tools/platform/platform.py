"""A running platform: takes frames from the broker, judges, stores, acknowledges and answers."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent.tools.platform.answers import answer_frame
from agent.tools.platform.checker import Address, Rules, check
from agent.tools.platform.ledger import Entry, Ledger
from agent.tools.platform.mqtt_link import (
    BrokerAddress,
    BrokerAway,
    Connection,
    Incoming,
    connect,
    pause_s,
)
from agent.tools.platform.store import FrameStore

KEPT_EVENTS = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is no frame: a state, a health or an event message, read as JSON."""

    received_at: float
    topic: str
    kind: str
    mn: str
    content: Any


@dataclass(slots=True)
class Platform:
    """A platform on one broker. `run` it in a task; it stops by being cancelled.

    `on_entry` and `on_notice` are told of everything as it comes, after it is stored, `on_link`
    when the broker has our subscriptions and when it is lost.
    """

    address: BrokerAddress
    store: FrameStore | None = None
    prefix: str = "hj212"
    rules: Rules = field(default_factory=Rules)
    answers: bool = True
    client_id: str = "paikou-platform"
    on_entry: Callable[[Entry], None] = lambda _: None
    on_notice: Callable[[Notice], None] = lambda _: None
    on_link: Callable[[bool], None] = lambda _: None
    ledger: Ledger = field(default_factory=Ledger)
    events: deque[Notice] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    states: dict[str, Notice] = field(default_factory=dict)
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    def recall(self) -> None:
        """Count again what the store holds from earlier runs."""
        for line in self.store.frames() if self.store else ():
            self.ledger.recall(line)

    async def run(self) -> None:
        """Stay connected and take what comes, until cancelled. Raises `StoreError`."""
        attempt = 0
        while True:
            try:
                connection = await connect(self.address, self.client_id, self._filters())
            except BrokerAway as problem:
                if attempt == 0:
                    log.warning("broker away: %s", problem)
                await asyncio.sleep(pause_s(attempt))
                attempt += 1
                continue
            attempt = 0
            self.connected.set()
            self.on_link(True)
            try:
                await self._serve(connection)
                self.on_link(False)
            finally:
                self.connected.clear()
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
            entry = self.judge(message.topic, message.payload, Address(parts[0], parts[2]))
            connection.acknowledge(message)
            answer = answer_frame(entry.verdict) if self.answers else None
            if answer is not None:
                connection.publish(f"{self.prefix}/{parts[0]}/down", answer)
            return
        if len(parts) == 2:
            self._note(message, mn=parts[0], kind=parts[1])
        connection.acknowledge(message)

    def judge(self, topic: str, payload: bytes, address: Address) -> Entry:
        """Check, count and store one frame."""
        verdict = check(payload, rules=self.rules, address=address)
        duplicate = self.ledger.take(verdict)
        text = payload.decode("latin-1")
        entry = Entry(time.time(), topic, text, verdict, duplicate)
        if self.store is not None:
            self.store.append(entry)
        self.on_entry(entry)
        return entry

    def _note(self, message: Incoming, *, mn: str, kind: str) -> None:
        try:
            content = json.loads(message.payload)
        except ValueError:
            content = message.payload.decode("utf-8", "replace")
        notice = Notice(time.time(), message.topic, kind, mn, content)
        if kind == "state":
            self.states[mn] = notice
        elif kind == "event":
            self.events.append(notice)
        self.on_notice(notice)

    def _filters(self) -> list[str]:
        kinds = ("up/#", "state", "health", "event")
        return [f"{self.prefix}/+/{kind}" for kind in kinds]
