"""What a link promises, and how an acknowledgement reads.

A send ends in one of three ways: accepted, rejected (never again, stays for inspection) or kept
(try later). Two ways would lose data or block for ever behind one poisonous message.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from agent.errors import LinkError
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import encode_frame
from protocols.hj212.frame_parts import READABLE_SEGMENT, Frame, Unseal


class Outcome(enum.StrEnum):
    """How a send ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Sent:
    """The outcome of one publication and the peer's reason in words."""

    outcome: Outcome
    reason: str


Ended = Callable[[Sent | LinkError], None]
"""Told once how a publication ended, or what broke the link before it did."""


class Arrival(NamedTuple):
    """Something that came down a link: a frame, or what became of bytes that are none.

    A tuple: while a backlog drains thousands of answers come a second.
    `topic` is empty on a link without topics; `error` says why there is no frame.
    """

    topic: str
    data: bytes = b""
    error: PeerFrameError | None = None
    frame: Frame | None = None
    """The frame where the link itself had to open it to find its end."""

    @property
    def sealed(self) -> bool:
        """Say whether it came sealed, where the link opened it."""
        return self.frame is not None and self.frame.sealed

    @property
    def payload(self) -> bytes:
        """The frame as it came; in clear where the link opened it."""
        if self.frame is None:
            return self.data
        return encode_frame(self.frame.segment, limit=READABLE_SEGMENT)


@dataclass(slots=True)
class Traffic:
    """Bytes of one life of a connection, both ways, without those of TCP and TLS themselves."""

    sent: int = 0
    received: int = 0


NOBODY_SUBSCRIBED = 16
"""MQTT 5 PUBACK reason: the broker took the message and threw it away."""

_PUBACK: dict[int, Outcome] = {
    0: Outcome.ACCEPTED,
    NOBODY_SUBSCRIBED: Outcome.KEPT,
    0x80: Outcome.KEPT,  # unspecified
    0x83: Outcome.KEPT,  # implementation specific
    0x87: Outcome.KEPT,  # not authorised: a setting of the broker, the data stay ours
    0x90: Outcome.REJECTED,  # topic name invalid
    0x91: Outcome.KEPT,  # packet identifier in use
    0x95: Outcome.REJECTED,  # packet too large
    0x97: Outcome.KEPT,  # quota exceeded
    0x99: Outcome.REJECTED,  # payload format invalid
}


def judge_puback(reason: int) -> Outcome:
    """Read an MQTT PUBACK reason code; one that is not in the table is kept."""
    return _PUBACK.get(reason, Outcome.KEPT)


class Link(Protocol):
    """One life of a connection. When it closes it is thrown away; nothing lingers in it.

    A link carries frames. One with `topics` also carries what HJ 212 has no message for.
    """

    def post(self, cn: str, payload: bytes, ended: Ended) -> None:
        """Lay out one frame, or a notice where `cn` is `event`; `flush` sees it go.

        With topics it is accepted when it was acknowledged, without when it was written.
        """

    async def flush(self) -> None:
        """See to it that what was posted goes; wait where the peer takes no more.

        Raises `Unreachable`.
        """

    async def send(self, cn: str, frame: bytes, *, mn: str = "") -> Sent:
        """Hand over one frame, as `post`, and wait for its end; `mn`: the one it bears.

        Raises `Unreachable`.
        """

    async def tell(self, what: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> Sent:
        """Hand over a notice (`state`, `health`, `event`); refused on a link without topics."""

    async def receive(self) -> Arrival:
        """Wait for the next thing that comes down. Raises `LinkError` when the link closes."""

    def read_with(self, unseal: Unseal | None) -> None:
        """Open sealed frames with that from now on, where the link itself must find their end."""

    @property
    def topics(self) -> bool:
        """Say whether it carries more than frames."""

    @property
    def shows_delivery(self) -> bool:
        """Say whether an acknowledgement tells that somebody took the message (MQTT 5)."""

    @property
    def taken(self) -> bool:
        """Say whether the peer's machine has all that was written, as far as that is known."""

    @property
    def traffic(self) -> Traffic:
        """What went over it so far."""


class Awaiting:
    """The end of one publication for who waits for it alone: `ended` tells it."""

    def __init__(self) -> None:
        self._end: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()

    def ended(self, how: Sent | LinkError) -> None:
        """Take note of the end."""
        if self._end.done():  # whoever waited was cancelled meanwhile
            return
        if isinstance(how, Sent):
            self._end.set_result(how)
        else:
            self._end.set_exception(how)

    async def sent(self) -> Sent:
        """Wait for the end. Raises what broke the link."""
        return await self._end
