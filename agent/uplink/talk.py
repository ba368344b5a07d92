"""What a command's handler sees of one life of a connection.

Answers (9013, 9014) never come to the dispatcher: the link takes them, and tells who waits for
their QN. Everything else that could be read goes to `Receiver.take`, each frame in a task of its
own, begun in the order of arrival, at most `AT_ONCE` of them at a time: a handler may wait in
`answered` while others run. What it raises, but for `LinkError`, ends the connection and is
journalled as a failure of the station's task.
"""

from __future__ import annotations

from typing import Protocol

from agent.plan import StationPlan
from agent.uplink.header import Header
from protocols.hj212.segment import Segment

AT_ONCE = 8
"""Requests of one station that are served at the same time."""
WAITING = 64
"""Requests that may wait for that; a platform that floods us is dropped and counted."""


class Talk(Protocol):
    """One life of one station's connection. When it breaks, what is left of a reply is dropped."""

    @property
    def station(self) -> StationPlan:
        """Whose connection it is, by the settings in force when it began."""

    @property
    def header(self) -> Header:
        """The header of today; another one after `renew`."""

    async def say(self, segment: Segment) -> None:
        """Send one frame, sealed where its command is, after all that was said before.

        A segment whose Flag wants an answer, or a notice, can be waited for with `answered`.
        Raises LinkError, and LocalFrameError when the edition cannot say it.
        """

    async def answered(self, qn: str) -> bool:
        """Wait for the 9013 or 9014 to what was said with that QN; False after the time-out."""

    async def renew(self) -> None:
        """Read password and keys anew, after 1014 or 1072 were carried out.

        From here on frames go out under the new ones. Another MN is another station: the app's
        reload ends this connection. Raises Unreachable when a secret is not to be had.
        """

    def lost(self, reason: str) -> None:
        """Count a frame that came down and was refused; a repeated reason is logged once."""


class Receiver(Protocol):
    """Who serves what comes down: the dispatcher."""

    async def take(self, data: bytes, talk: Talk) -> None:
        """Act on one frame. Raises LinkError when the connection breaks under it."""

    async def ordered(self, data: bytes, talk: Talk) -> None:
        """Keep an order that came as JSON beside the frames."""

    async def attend(self, talk: Talk) -> None:
        """Say what is to be said while a connection lasts; for ever."""
