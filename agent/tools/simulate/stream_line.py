"""A simulated serial line behind a serial server: RTU frames over TCP, all its units behind a port.

Frames are cut by their length, as they have to be on a stream; what is no request is forgotten with
the silence after it.
"""

from __future__ import annotations

import asyncio

from agent.tools.simulate.faults import Reply
from agent.tools.simulate.rtu_frames import MAX_FRAME, close, request_length, sound
from agent.tools.simulate.tcp_line import PortLine
from agent.tools.simulate.units import Units
from drivers.settings import StreamBus

SILENCE_S = 0.05


class StreamLine(PortLine):
    """One serial-over-TCP bus of the site, served until it is closed. It can be pulled."""

    def __init__(self, bus: StreamBus, units: Units, *, turnaround_s: float = 0.0) -> None:
        super().__init__(bus.host, bus.port, turnaround_s=turnaround_s)
        self.bus = bus
        self.units = units

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request, of known length or ended by silence, and answer it."""
        request = bytearray(await reader.readexactly(1))
        try:
            while len(request) < (request_length(request) or MAX_FRAME):
                request += await asyncio.wait_for(reader.readexactly(1), SILENCE_S)
        except TimeoutError:
            pass
        if not sound(request):
            return
        reply = self.units.reply(request[0], bytes(request[1:-2]))
        if reply is not None:
            self.send(writer, _frame(reply), reply.delay_s)
            await writer.drain()


def _frame(reply: Reply) -> bytes:
    return reply.garbage or close(reply.address, reply.pdu)
