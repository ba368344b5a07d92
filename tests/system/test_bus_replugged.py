"""A line that goes away and comes back, again and again: as many descriptors as before, and soon.

A serial port (a pty that is made anew each time), a Modbus TCP endpoint, and a serial server. What
is asserted of time holds for the whole campaign only, which runs by itself.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest
from rtu_slave import Delayed, RtuSlave, crc, registers_frame

from drivers.bus import Bus, Pace
from drivers.device import NoAnswer
from drivers.line import NoLine
from drivers.settings import AnyBus, SerialBus, StreamBus, TcpBus

pytestmark = pytest.mark.system

PACE = Pace(timeout_s=1.0, gap_s=0.0)
HOST = "127.0.0.1"
LONG_EVERY = 50
"""Each time of so many the line stays away until several tries to open it have failed."""
TRIES = 3
RECOVERY_S = 2.0
SOON_S = 60.0


class Plug(Protocol):
    """A line that can be pulled and put back."""

    settings: AnyBus

    async def pull(self) -> None: ...

    async def put_back(self) -> None: ...


def obedient(request: bytes) -> Iterable[Delayed]:
    yield 0, registers_frame(request[0], 3, *range(request[5]))


class SerialPlug:
    def __init__(self, link: Path) -> None:
        self.settings = SerialBus(id="line1", kind="serial", port=str(link), baud=115200)
        self._slave = RtuSlave(link, obedient)

    async def pull(self) -> None:
        await asyncio.to_thread(self._slave.unplug)

    async def put_back(self) -> None:
        self._slave.plug_in()

    def close(self) -> None:
        self._slave.close()


class TcpPlug:
    """An endpoint that answers as Modbus TCP, or with the bytes of a serial line."""

    def __init__(self, *, mbap: bool) -> None:
        self._mbap = mbap
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0
        self.settings: AnyBus = TcpBus(id="net1", kind="tcp", host=HOST)

    async def put_back(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        if self._mbap:
            self.settings = TcpBus(id="net1", kind="tcp", host=HOST, port=self._port)
        else:
            kind = "serial-over-tcp"
            self.settings = StreamBus(id="far", kind=kind, host=HOST, port=self._port, baud=115200)

    async def pull(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        async with asyncio.timeout(SOON_S):
            while self._writers:  # noqa: ASYNC110  # each goes by itself
                await asyncio.sleep(0.001)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                request = await reader.readexactly(12 if self._mbap else 8)
                unit, count = (request[6], request[11]) if self._mbap else (request[0], request[5])
                frame = registers_frame(unit, 3, *range(count))
                if self._mbap:
                    body = frame[:-2]
                    frame = request[:4] + len(body).to_bytes(2, "big") + body
                else:
                    assert crc(request[:-2]) == request[-2:]
                writer.write(frame)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._writers.discard(writer)


@contextlib.asynccontextmanager
async def serial_line(folder: Path) -> AsyncIterator[Plug]:
    plug = SerialPlug(folder / "line")
    await plug.put_back()
    try:
        yield plug
    finally:
        plug.close()


@contextlib.asynccontextmanager
async def endpoint(_: Path) -> AsyncIterator[Plug]:
    plug = TcpPlug(mbap=True)
    await plug.put_back()
    try:
        yield plug
    finally:
        await plug.pull()


@contextlib.asynccontextmanager
async def serial_server(_: Path) -> AsyncIterator[Plug]:
    plug = TcpPlug(mbap=False)
    await plug.put_back()
    try:
        yield plug
    finally:
        await plug.pull()


Plugged = Callable[[Path], AbstractAsyncContextManager[Plug]]
EVERY_LINE = pytest.mark.parametrize("plugged", [serial_line, endpoint, serial_server])


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def comes_back(bus: Bus) -> None:
    """Ask as a poll would until there is an answer."""
    async with asyncio.timeout(SOON_S):
        while True:
            with contextlib.suppress(NoAnswer):
                assert await bus.read(1, 3, 0, 2, timing=PACE) == [0, 1]
                return
            await asyncio.sleep(0.02)


async def tried_in_vain(bus: Bus, times: int) -> None:
    """Ask until so many tries to open the line have failed; most asking ends before one."""
    async with asyncio.timeout(SOON_S):
        while times:
            with pytest.raises(NoLine) as caught:
                await bus.read(1, 3, 0, 2, timing=PACE)
            times -= "next try" not in str(caught.value)
            await asyncio.sleep(0.02)


async def campaign(plug: Plug, times: int, *, long_every: int) -> float:
    """Pull and put back so often; gives the longest it took to come back, in seconds."""
    worst = 0.0
    async with Bus(plug.settings) as bus:
        await comes_back(bus)
        before = descriptors()
        for number in range(1, times + 1):
            await plug.pull()
            if number % long_every == 0:
                await tried_in_vain(bus, TRIES)
            await plug.put_back()
            back_at = time.monotonic()
            await comes_back(bus)
            worst = max(worst, time.monotonic() - back_at)
            assert descriptors() == before
    return worst


@EVERY_LINE
async def test_a_line_pulled_and_put_back_answers_again_and_leaks_nothing(
    plugged: Plugged, tmp_path: Path
) -> None:
    async with plugged(tmp_path) as plug:
        await campaign(plug, 4, long_every=4)


@pytest.mark.soak
@EVERY_LINE
async def test_a_thousand_times_pulled_and_put_back(plugged: Plugged, tmp_path: Path) -> None:
    async with plugged(tmp_path) as plug:
        worst = await campaign(plug, 1000, long_every=LONG_EVERY)
    print(f"\n1000 times: back within {worst:.2f} s at worst, descriptors as before")
    assert worst < RECOVERY_S
