"""A running platform: judges what comes in on any channel, stores, answers, and sends orders.

It knows nothing of sockets: an intake (`mqtt_intake`, `tcp_intake`) brings the frames, each with
the channel on which its station can be answered.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent.tools.platform.answers import answer_frame
from agent.tools.platform.checker import ANYWHERE, Address, check
from agent.tools.platform.ledger import Entry, Ledger
from agent.tools.platform.misbehaviour import Misbehaviour
from agent.tools.platform.stations import MOST_STATIONS, Roster
from agent.tools.platform.store import FrameStore
from agent.tools.platform.verdict import Verdict

KEPT_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is no frame: a state, a health or an event message, read as JSON."""

    received_at: float
    topic: str
    kind: str
    mn: str
    content: Any


class Channel(Protocol):
    """The way back to a station, while its connection lasts."""

    def send(self, frame: bytes) -> None:
        """Send a frame down; nothing happens once the connection is gone."""

    def cut(self) -> None:
        """Break the connection."""

    @property
    def open(self) -> bool:
        """Whether the connection lasts."""


@dataclass(slots=True)
class Platform:
    """What all intakes have in common.

    `on_entry` and `on_notice` are told of everything as it comes, after it is stored; `on_link`
    when an intake is ready (True) and when it is not; `follow` is asked by a judged frame whether
    it belongs to an order.
    """

    store: FrameStore | None = None
    roster: Roster = field(default_factory=Roster)
    answers: bool = True
    mischief: Misbehaviour = field(default_factory=Misbehaviour)
    on_entry: Callable[[Entry], None] = lambda _: None
    on_notice: Callable[[Notice], None] = lambda _: None
    on_link: Callable[[bool], None] = lambda _: None
    follow: Callable[[Channel, Verdict], bool] = lambda _c, _v: False
    roads: list[Callable[[str], Channel | None]] = field(default_factory=list)
    """Ways to stations that have not been heard, by MN."""
    order_roads: list[Callable[[str, bytes], None]] = field(default_factory=list)
    """Ways for orders as JSON, by MN."""
    heed: Callable[[Notice], None] = lambda _: None
    """Told of each message that is no frame, before it is shown."""
    ledger: Ledger = field(default_factory=Ledger)
    events: deque[Notice] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    states: dict[str, Notice] = field(default_factory=dict)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever a frame has come in; who waits clears it."""
    _channels: dict[str, Channel] = field(default_factory=dict)
    _taken: int = 0

    def recall(self) -> None:
        """Count again what the store holds from earlier runs."""
        for line in self.store.frames() if self.store else ():
            self.ledger.recall(line)

    def take(
        self, channel: Channel, payload: bytes, *, topic: str, address: Address = ANYWHERE
    ) -> Entry:
        """Judge, count and store one frame, and remember who spoke. Raises `StoreError`."""
        station = self.roster.of_frame(payload)
        verdict = check(payload, rules=station.rules(), address=address)
        if verdict.segment is not None and verdict.ok:
            station.learn(verdict)
            self._channels[verdict.segment.mn] = channel
            if len(self._channels) > MOST_STATIONS:
                del self._channels[next(iter(self._channels))]
        asked = self.follow(channel, verdict)
        duplicate = self.ledger.take(verdict, asked=asked)
        text = payload.decode("latin-1")
        entry = Entry(time.time(), topic, text, verdict, duplicate, asked)
        if self.store is not None:
            self.store.append(entry)
        self.on_entry(entry)
        self.heard.set()
        return entry

    def overhear(self, channel: Channel, payload: bytes) -> None:
        """Follow an order of ours in a frame that another platform of our group takes."""
        self.follow(channel, check(payload, rules=self.roster.of_frame(payload).rules()))

    def reply(self, channel: Channel, verdict: Verdict) -> None:
        """Answer a frame that asks for it, well or, where that is wanted, badly."""
        self._taken += 1
        if self.mischief.cuts(self._taken):
            channel.cut()
            return
        answer = answer_frame(verdict) if self.answers else None
        for frame in self.mischief.answers(answer) if answer is not None else ():
            if self.mischief.late_s:
                loop = asyncio.get_running_loop()
                loop.call_later(self.mischief.late_s, channel.send, frame)
            else:
                channel.send(frame)

    def note(self, topic: str, payload: bytes, *, mn: str, kind: str) -> None:
        """Keep a message that is no frame."""
        try:
            content = json.loads(payload)
        except ValueError:
            content = payload.decode("utf-8", "replace")
        notice = Notice(time.time(), topic, kind, mn, content)
        if kind == "state":
            self.states[mn] = notice
        elif kind == "event":
            self.events.append(notice)
        self.heed(notice)
        self.on_notice(notice)

    def tell(self, mn: str, kind: str, content: Any) -> None:
        """Show something that was found here of a station."""
        self.on_notice(Notice(time.time(), "", kind, mn, content))

    def key_of(self, mn: str) -> str:
        """Give the key that a station told in its birth message; empty when it told none."""
        birth = self.states.get(mn)
        told = birth.content.get("key", "") if birth and isinstance(birth.content, dict) else ""
        return str(told)

    def channel_to(self, mn: str) -> Channel | None:
        """Give the way to a station: where it was last heard, else where it would be."""
        channel = self._channels.get(mn)
        if channel is not None and channel.open:
            return channel
        found = (road(mn) for road in self.roads)
        return next((one for one in found if one is not None), None)

    def stations_heard(self) -> list[str]:
        """Give the MN of every station that said something right, oldest first."""
        return list(self._channels)
