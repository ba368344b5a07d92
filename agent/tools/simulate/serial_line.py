"""A simulated serial line: a pty under the path of the site file, and all that hangs on it.

The slave side of the pty is the port the agent opens; a link at the configured path points to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import struct
import termios
import tty
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from agent.tools.simulate.ears import Ear, Outgoing
from agent.tools.simulate.hearing import Hearing
from agent.tools.simulate.port_link import PortLink
from drivers.settings import SerialBus


class SerialLine:
    """One serial bus of the site, served until it is closed. It can be pulled and plugged."""

    def __init__(
        self,
        bus: SerialBus,
        ears: Iterable[Ear],
        *,
        turnaround_s: float = 0.0,
        character_s: float = 0.0,
    ) -> None:
        self.bus = bus
        self._link = PortLink(Path(bus.port))
        self._fds: tuple[int, int] | None = None
        self._hearing = Hearing(
            ears, self._send, turnaround_s=turnaround_s, character_s=character_s
        )

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
        self._hearing.stop()
        self._link.remove()
        os.close(slave)
        os.close(master)

    def push(self, outgoing: Outgoing) -> None:
        """Say something unasked. Where nobody reads, it is lost as on any line."""
        if self._fds is None:
            return
        waiting = fcntl.ioctl(self._fds[1], termios.FIONREAD, struct.pack("i", 0))
        if struct.unpack("i", waiting)[0] == 0:
            self._hearing.say(outgoing)

    def _readable(self) -> None:
        if self._fds is None:
            return
        master, slave = self._fds
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(master, 4096)
        # Whoever opened the port for itself alone would lock out the next one too: the mark lasts
        # as long as we hold the slave side.
        fcntl.ioctl(slave, termios.TIOCNXCL)
        self._hearing.take(data)

    def _send(self, frame: bytes) -> None:
        if self._fds is not None:
            with contextlib.suppress(BlockingIOError):  # nobody reads: a line without a listener
                os.write(self._fds[0], frame)
