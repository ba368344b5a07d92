"""paho in our own event loop, without its thread: that would cost two changes of thread a message.

More than paho itself takes. What is published in one breath is written in one go.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

from agent.uplink.gathering import GatheringLine
from agent.uplink.mqtt_client import MqttClient


class Pump:
    """Moves one connection's bytes. `failed` is told what is no MQTT, `moved` of each reading."""

    def __init__(
        self, client: MqttClient, failed: Callable[[str], None], moved: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._client, self._failed, self._moved = client, failed, moved
        self._line: GatheringLine | None = None
        """The connection while the event loop looks after it."""
        self._waits = False
        """Whether the peer takes no more at the moment."""
        self._scheduled = False
        self._written = asyncio.Event()
        """There was nothing left to write."""

    def attend(self) -> None:
        """Begin to read and write."""
        self._line = self._client.line
        if self._line is not None:
            self._loop.add_reader(self._line, self._readable)
            self.write()

    def leave(self) -> None:
        """Forget the connection, which paho or we are about to close."""
        if self._line is not None:
            self._loop.remove_reader(self._line)
            self._loop.remove_writer(self._line)
        self._line = None
        self._written.set()

    def has_more(self) -> None:
        """Write, after all that is handed over in the same breath."""
        if self._line is not None and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.write)

    async def drained(self) -> None:
        """Wait until all there is to write was written, or the connection is gone."""
        while self._line is not None:
            self.write()
            if not self._waits:
                return
            self._written.clear()
            await self._written.wait()

    def look_after(self) -> None:
        """Every now and then: keep-alive."""
        self._step(self._client.look_after)

    def _readable(self) -> None:
        line = self._line
        while line is not None and line is self._line:
            line.fill()
            while line is self._line and line.readable and self._step(self._client.read):
                pass
            if not line.held:
                break
        self._moved()

    def write(self) -> None:
        """Write what paho has, and once more when the peer takes more."""
        self._scheduled = False
        line = self._line
        if line is None:
            return
        self._step(self._client.write)
        line.write_out()
        if line.readable:  # it failed, and that is told where the end of a connection is
            self._loop.call_soon(self._readable)
        if line is self._line:
            self._mind(line, line.waiting or self._client.more)

    def _mind(self, line: GatheringLine, more: bool) -> None:
        """Wait for the peer to take more, as long as there is more."""
        if more != self._waits:
            self._waits = more
            if more:
                self._loop.add_writer(line, self.write)
            else:
                self._loop.remove_writer(line)
        if not more:
            self._written.set()

    def _step(self, step: Callable[[], None]) -> bool:
        """Let paho take a step; bytes that are no MQTT end the connection and nothing else."""
        try:
            step()
        except (ValueError, LookupError, struct.error) as error:
            self.leave()
            self._failed(f"not MQTT: {error}")
            return False
        return True
