"""One life of one station's connection, as those who talk over it see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent.errors import Unreachable
from agent.plan import StationPlan
from agent.store.frames import FrameLog
from agent.uplink.header import Header
from agent.uplink.link import Link, Outcome
from protocols.hj212.commands import command
from protocols.hj212.segment import Segment

EXPECTED = 256
"""Answers that may be waited for at a time; the oldest give way."""


@dataclass(slots=True)
class Conversation:
    """A `Talk` over one link."""

    station: StationPlan
    header: Header
    link: Link
    timeout_s: float
    read_header: Callable[[], Awaitable[Header]]
    refused: Callable[[str], None]
    renewed: Callable[[Header], None] = lambda _: None
    """Told of the header that holds from now on."""
    frames: FrameLog | None = None
    heard: int = 0
    """How many frames came down."""
    _expected: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _saying: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def say(self, segment: Segment) -> None:
        """Send one frame after all that was said before. Raises LinkError, LocalFrameError."""
        frame = self.header.bytes_of(segment)
        if self._wants_answer(segment):
            self._expect(segment.qn)
        async with self._saying:
            if self.frames is not None:
                sealed = self.header.seals(segment.cn)
                self.frames.sent(self.station.id, segment, sealed=sealed)
            sent = await self.link.send(segment.cn, frame, mn=segment.mn)
        if sent.outcome is not Outcome.ACCEPTED:
            raise Unreachable(f"{segment.cn} was not taken: {sent.reason}")

    async def answered(self, qn: str) -> bool:
        """Wait for the answer to what was said with that QN; False after the time-out."""
        answer = self._expected.get(qn)
        if answer is None:
            return False
        done, _ = await asyncio.wait({answer}, timeout=self.timeout_s)
        self._expected.pop(qn, None)
        return bool(done)

    def take_answer(self, qn: str) -> bool:
        """Tell who waits for the answer to that QN; False when nobody does."""
        answer = self._expected.get(qn)
        if answer is None:
            return False
        if not answer.done():
            answer.set_result(None)
        return True

    async def renew(self) -> None:
        """Read password and keys anew; what goes out from here on goes under them."""
        self.header = await self.read_header()
        self.link.read_with(self.header.unseal)
        self.renewed(self.header)

    def lost(self, reason: str) -> None:
        """Count a frame that came down and was refused."""
        self.refused(reason)

    def _wants_answer(self, segment: Segment) -> bool:
        if segment.flag is not None and segment.flag.answer:
            return True
        known = command(segment.cn, "up", self.header.edition.base)
        return known is not None and known.kind == "notice"

    def _expect(self, qn: str) -> None:
        self._expected[qn] = asyncio.get_running_loop().create_future()
        while len(self._expected) > EXPECTED:
            del self._expected[next(iter(self._expected))]
