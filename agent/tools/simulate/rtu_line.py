"""A simulated serial line: a pty under the path of the site file, all its units answering RTU.

The slave side of the pty is the port the agent opens; a link at the configured path points to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import termios
import tty
from pathlib import Path
from typing import Self

from agent.tools.simulate.port_link import PortLink
from agent.tools.simulate.rtu_frames import MAX_FRAME, close, request_length, sound
from agent.tools.simulate.units import Units
from drivers.settings import SerialBus

SILENCE_S = 0.03
"""So long without a byte and whatever came is no request; 3.5 characters are less on any line."""


class RtuLine:
    """One serial bus of the site, served until it is closed. It can be pulled and plugged."""

    def __init__(self, bus: SerialBus, units: Units, *, turnaround_s: float = 0.0) -> None:
        self.bus = bus
        self.units = units
        self.turnaround_s = turnaround_s
        self._link = PortLink(Path(bus.port))
        self._fds: tuple[int, int] | None = None
        self._received = bytearray()
        self._silence: asyncio.TimerHandle | None = None
        self._late: set[asyncio.TimerHandle] = set()

    @property
    def where(self) -> str:
        """Where it is played, for people: the path and what is behind it."""
        behind = os.ttyname(self._fds[1]) if self._fds else "pulled"
        return f"{self.bus.port} -> {behind}"

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._fds is not None

    async def __aenter__(self) -> Self:
        await self.plug()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pull()

    async def plug(self) -> None:
        """Make the port and answer on it. Raises `PortTaken` when its path is somebody else's."""
        if self._fds is not None:
            return
        master, slave = os.openpty()
        try:
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._link.make(os.ttyname(slave))
        except BaseException:
            os.close(master)
            os.close(slave)
            raise
        self._fds = master, slave
        asyncio.get_running_loop().add_reader(master, self._readable)

    async def pull(self) -> None:
        """Take the port away: whoever has it open sees the line hang up."""
        if self._fds is None:
            return
        (master, slave), self._fds = self._fds, None
        asyncio.get_running_loop().remove_reader(master)
        for timer in (*self._late, *([self._silence] if self._silence else [])):
            timer.cancel()
        self._late.clear()
        self._received.clear()
        self._link.remove()
        os.close(slave)
        os.close(master)

    def _readable(self) -> None:
        if self._fds is None:
            return
        master, slave = self._fds
        with contextlib.suppress(BlockingIOError):
            self._received += os.read(master, 4096)
        # Whoever opened the port for itself alone would lock out the next one too: the mark lasts
        # as long as we hold the slave side.
        fcntl.ioctl(slave, termios.TIOCNXCL)
        self._restart_silence()
        while (length := request_length(self._received)) and len(self._received) >= length:
            if not sound(self._received[:length]):
                break  # as on a real line, only silence shows where the next request begins
            request = bytes(self._received[:length])
            del self._received[:length]
            self._serve(request)

    def _restart_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(SILENCE_S, self._fell_silent)

    def _fell_silent(self) -> None:
        """Take what is left as one frame (an unknown function has no length), then forget it."""
        left = bytes(self._received[:MAX_FRAME])
        self._received.clear()
        if request_length(left) is None and sound(left):
            self._serve(left)

    def _serve(self, request: bytes) -> None:
        reply = self.units.reply(request[0], request[1:-2])
        if reply is None:
            return
        frame = reply.garbage or close(reply.address, reply.pdu)
        delay_s = self.turnaround_s + reply.delay_s
        if delay_s <= 0:
            self._send(frame)
            return
        loop = asyncio.get_running_loop()
        self._late = {timer for timer in self._late if timer.when() > loop.time()}
        self._late.add(loop.call_later(delay_s, self._send, frame))

    def _send(self, frame: bytes) -> None:
        if self._fds is not None:
            with contextlib.suppress(BlockingIOError):  # nobody reads: a line without a listener
                os.write(self._fds[0], frame)
