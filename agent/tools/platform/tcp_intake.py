"""Frames over TCP: stations call us, or we call a station. TLS where there is a certificate.

A connection's bytes are cut by their length fields, judged one by one, and answered on the same
connection. A half frame that nothing follows for `IDLE_S` is told as what it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent.errors import PaikouError
from agent.tools.platform.cutter import Cutter
from agent.tools.platform.mqtt_link import pause_s
from agent.tools.platform.places import BadPlace, Place, StreamChannel
from agent.tools.platform.platform import Platform

log = logging.getLogger(__name__)

IDLE_S = 10.0
CONNECT_S = 5.0


@dataclass(slots=True)
class TcpIntake:
    """Takes the calls of stations at one address. `run` it in a task; cancelling ends all of it.

    `port` is the one in use once `ready` is set: 0 takes any.
    """

    platform: Platform
    place: Place
    tls: ssl.SSLContext | None = None
    port: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    on_call: Callable[[str, bool], None] = lambda _peer, _there: None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Listen until cancelled. Raises `BadPlace`, `StoreError`."""
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            server = await asyncio.start_server(
                lambda reader, writer: self._called(reader, writer, failed),
                self.place.host,
                self.place.port,
                ssl=self.tls,
            )
        except OSError as problem:
            raise BadPlace(f"{self.place.host}:{self.place.port}: {problem.strerror}") from None
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.platform.connected.set()
        self.platform.on_link(True)
        try:
            await failed
        finally:
            server.close()
            for task in tuple(self._talks):
                task.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    async def _called(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        failed: asyncio.Future[None],
    ) -> None:
        task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment]  # in a task
        self._talks.add(task)
        peer = _name(writer)
        self.on_call(peer, True)
        try:
            await converse(self.platform, reader, writer)
        except asyncio.CancelledError:
            return  # ours, from `run`; the stream server would log it as an error
        except PaikouError as problem:
            if not failed.done():
                failed.set_exception(problem)
        finally:
            self._talks.discard(task)
            self.on_call(peer, False)


@dataclass(slots=True)
class CallingIntake:
    """Calls one station, for ever: some provinces have the platform call. `run` it in a task."""

    platform: Platform
    place: Place
    tls: ssl.SSLContext | None = None
    on_call: Callable[[str, bool], None] = lambda _peer, _there: None

    async def run(self) -> None:
        """Stay connected until cancelled. Raises `StoreError`."""
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(CONNECT_S):
                    reader, writer = await asyncio.open_connection(
                        self.place.host, self.place.port, ssl=self.tls
                    )
            except (OSError, TimeoutError) as problem:
                if attempt == 0:
                    log.warning("station away: %s", problem)
                await asyncio.sleep(pause_s(attempt))
                attempt += 1
                continue
            attempt = 0
            await self._live(reader, writer)

    async def _live(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _name(writer)
        self.platform.connected.set()
        self.platform.on_link(True)
        self.on_call(peer, True)
        try:
            await converse(self.platform, reader, writer)
        finally:
            self.platform.connected.clear()
            self.on_call(peer, False)
            self.platform.on_link(False)
        await asyncio.sleep(pause_s(0))


async def converse(
    platform: Platform, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Take the frames of one connection until it ends. Raises `StoreError`."""
    cutter, channel, topic = Cutter(), StreamChannel(writer), f"tcp/{_name(writer)}"
    try:
        while True:
            try:
                data = await asyncio.wait_for(reader.read(4096), IDLE_S)
            except TimeoutError:
                pieces, ended = cutter.flush(), False
            else:
                pieces, ended = cutter.feed(data) if data else cutter.flush(), not data
            for piece in pieces:
                entry = platform.take(channel, piece, topic=topic)
                platform.reply(channel, entry.verdict)
            if ended:
                return
    except (OSError, ssl.SSLError) as problem:
        log.info("%s: %s", topic, problem)
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), CONNECT_S)


def _name(writer: asyncio.StreamWriter) -> str:
    host, port, *_ = writer.get_extra_info("peername") or ("?", 0)
    return f"{host}:{port}"
