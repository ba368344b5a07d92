"""A simulated serial line behind a serial server: its bytes over TCP, all that hangs on it.

Every connection hears for itself, as with a server that serves one client at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from agent.tools.simulate.ears import Ear, Outgoing
from agent.tools.simulate.hearing import Hearing
from agent.tools.simulate.tcp_line import IDLE_S, PortLine, write_if_open
from drivers.settings import StreamBus

_MOST_READ = 4096


class StreamLine(PortLine):
    """One serial-over-TCP bus of the site, served until it is closed. It can be pulled."""

    def __init__(
        self,
        bus: StreamBus,
        ears: Iterable[Ear],
        *,
        turnaround_s: float = 0.0,
        character_s: float = 0.0,
    ) -> None:
        super().__init__(bus.host, bus.port, turnaround_s=turnaround_s)
        self.bus = bus
        self._ears = tuple(ears)
        self._character_s = character_s
        self._hearings: set[Hearing] = set()

    def push(self, outgoing: Outgoing) -> None:
        """Say something unasked, to whoever is connected."""
        for hearing in self._hearings:
            hearing.say(outgoing)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hearing = Hearing(
            self._ears,
            lambda frame: write_if_open(writer, frame),
            turnaround_s=self.turnaround_s,
            character_s=self._character_s,
        )
        self._hearings.add(hearing)
        try:
            while data := await asyncio.wait_for(reader.read(_MOST_READ), IDLE_S):
                hearing.take(data)
        finally:
            self._hearings.discard(hearing)
            hearing.stop()
