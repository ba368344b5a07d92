"""Reads what comes down one connection: answers at once, requests in tasks of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent.store.frames import segment_text
from agent.uplink.alike import Alike
from agent.uplink.conversation import Conversation
from agent.uplink.link import Arrival, Link
from agent.uplink.sender import Sender
from agent.uplink.talk import AT_ONCE, WAITING, Receiver, Talk
from protocols.hj212.answers import Answered, answered
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.segment import Segment

log = logging.getLogger(__name__)

DATA_ANSWER = "9014"
NOTICE_ANSWER = "9013"
DOWN = "down"
ORDER = "order"

Serve = Callable[[bytes, Talk], Awaitable[None]]


@dataclass(slots=True)
class Listener:
    """One connection's reader. It never waits for those who serve: they wait for answers."""

    talk: Conversation
    link: Link
    sender: Sender
    receiver: Receiver | None
    _served: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _under_way: int = 0
    _alike: Alike = field(default_factory=Alike)

    async def run(self) -> None:
        """Read until the link closes. Raises `LinkError`."""
        async with asyncio.TaskGroup() as group:
            while True:
                arrival = await self.link.receive()
                level = arrival.topic.rpartition("/")[2]
                if level == ORDER:
                    self._ordered(arrival.payload, group)
                elif level in ("", DOWN):
                    self._take(arrival, group)

    def _take(self, arrival: Arrival, group: asyncio.TaskGroup) -> None:
        if arrival.error is not None:
            self._unreadable(arrival.payload, arrival.error)
            return
        header = self.talk.header
        try:
            frame = arrival.frame or header.cut(arrival.data)
            if qn := self._alike.qn(frame.segment):
                self._answered_alike(qn, sealed=frame.sealed)
                return
            segment = header.parse(frame.segment)
        except PeerFrameError as error:
            self._unreadable(arrival.payload, error)
            return
        self.talk.heard += 1
        self._log(segment, sealed=frame.sealed)
        if segment.cn in (DATA_ANSWER, NOTICE_ANSWER):
            if self._answered(segment) and segment.cn == DATA_ANSWER:
                self._alike.learn(frame.segment, segment, segment_text(segment))
        elif self.receiver is None:
            self.talk.lost(f"command {segment.cn} is not served")
        else:
            self._begin(self.receiver.take, arrival.payload, group)

    def _ordered(self, data: bytes, group: asyncio.TaskGroup) -> None:
        """Hand over an order, which is JSON; it is answered by an event, not by a frame."""
        if self.receiver is None:
            self.talk.lost("orders are not served")
        else:
            self._begin(self.receiver.ordered, data, group)

    def _begin(self, serve: Serve, data: bytes, group: asyncio.TaskGroup) -> None:
        if self._under_way >= AT_ONCE + WAITING:
            self.talk.lost(f"more than {WAITING} requests wait")
            return
        self._under_way += 1
        group.create_task(self._serve(serve, data))

    async def _serve(self, serve: Serve, data: bytes) -> None:
        try:
            async with self._served:
                await serve(data, self.talk)
        except LocalFrameError as error:
            # a bug of ours, yet whoever asks again and again must not cut off all the rest by it
            log.error("%s: no answer can be made: %s", self.talk.station.id, error)
            self.talk.lost(f"no answer can be made: {error}")
        finally:
            self._under_way -= 1

    def _answered(self, segment: Segment) -> bool:
        """Tell who waits for an answer; False when it is not for us."""
        if not self.talk.header.is_for(segment.mn):
            self.talk.lost(f"answer for another MN {segment.mn}")
            return False
        self._tell(answered(segment), segment.cn)
        return True

    def _answered_alike(self, qn: str, *, sealed: bool) -> None:
        self.talk.heard += 1
        if self.talk.frames is not None:
            text = self._alike.text(qn)
            self.talk.frames.alike(self.talk.station.id, qn, self._alike.cn, text, sealed=sealed)
        if not self.talk.take_answer(qn):
            self.sender.acknowledged(qn)

    def _tell(self, what: Answered, cn: str) -> None:
        mine = self.talk.take_answer(what.qn)
        # a 9013 says nothing of whether uploads are answered
        if not mine and cn == DATA_ANSWER:
            self.sender.answered(what)

    def _unreadable(self, data: bytes, error: PeerFrameError) -> None:
        reason = f"{error.kind}: {error}"
        self.talk.lost(reason)
        if self.talk.frames is not None:
            self.talk.frames.unreadable(self.talk.station.id, data or error.segment, reason)

    def _log(self, segment: Segment, *, sealed: bool) -> None:
        if self.talk.frames is not None:
            self.talk.frames.received(self.talk.station.id, segment, sealed=sealed)
