"""A serial line behind a TCP connection, and Modbus ASCII: against modbus_tk and recorded bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import modbus_tk.defines as tk  # type: ignore[import-untyped]  # has no types
import pytest
import serial
from frame_peer import Delayed, FramePeer
from modbus_tk import modbus_rtu
from pty_pair import PtyPair
from rtu_slave import crc

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, NoAnswer, Refused
from drivers.line import NoLine
from drivers.settings import SerialBus, StreamBus

pytestmark = [
    pytest.mark.system,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:modbus_tk"),
]
PACE = Pace(timeout_s=2.0, gap_s=0.0, retries=0)
QUICK = Pace(timeout_s=0.2, gap_s=0.0, retries=0)


async def gone(writers: Iterable[asyncio.StreamWriter]) -> None:
    """End connections and see them gone: no socket outlives its test."""
    for writer in writers:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class Gateway:
    """A serial server: the bytes of one TCP connection go to a port and back."""

    def __init__(self, port: str) -> None:
        self._port = serial.Serial(port, 9600, timeout=0)
        self._writers: list[asyncio.StreamWriter] = []
        self._ever: list[asyncio.StreamWriter] = []
        self.connections = 0
        self.mute = False
        self.at = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "Gateway":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.at)
        self.at = self._server.sockets[0].getsockname()[1]
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._from_line)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._port.fileno())
        self.drop()
        await gone(self._ever)
        assert self._server is not None
        self._server.close()
        self._port.close()

    def drop(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def _from_line(self) -> None:
        data = self._port.read(4096)
        for writer in self._writers:
            if not self.mute:
                writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        self._ever.append(writer)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self._port.write(data)
        if writer in self._writers:
            self._writers.remove(writer)
        writer.close()


@contextlib.asynccontextmanager
async def over_tcp() -> AsyncIterator[tuple[Bus, Gateway]]:
    """Put a modbus_tk slave on a line, the line behind a gateway, and a bus in front of it."""
    with PtyPair() as cable:
        port = serial.Serial(cable.left, 9600)
        server = modbus_rtu.RtuServer(port)
        slave = server.add_slave(1)
        slave.add_block("holding", tk.HOLDING_REGISTERS, 0, 200)
        slave.add_block("coils", tk.COILS, 0, 40)
        slave.set_values("holding", 0, list(range(1000, 1100)))
        server.start()
        try:
            async with Gateway(cable.right) as gateway:
                settings = StreamBus(
                    id="far", kind="serial-over-tcp", host="127.0.0.1", port=gateway.at
                )
                async with Bus(settings) as bus:
                    yield bus, gateway
        finally:
            server.stop()
            port.close()


async def test_registers_come_from_an_independent_slave_behind_a_gateway() -> None:
    async with over_tcp() as (bus, _):
        assert await bus.read(1, 3, 7, 3, timing=PACE) == [1007, 1008, 1009]
        await bus.write(1, 120, [7, 8], timing=PACE)
        await bus.write(1, 122, [9], timing=PACE, single=True)
        assert await bus.read(1, 3, 120, 3, timing=PACE) == [7, 8, 9]
        await bus.write(1, 3, [1, 0, 1], timing=PACE, coils=True)
        await bus.write(1, 9, [1], timing=PACE, coils=True, single=True)
        await bus.write(1, 3, [0], timing=PACE, coils=True, single=True)
        assert await bus.read(1, 1, 2, 8, timing=PACE) == [0, 0, 0, 1, 0, 0, 0, 1]
        with pytest.raises(Refused) as caught:
            await bus.read(1, 3, 190, 20, timing=PACE)
        assert caught.value.code == 2


async def test_a_broken_connection_is_made_again() -> None:
    async with over_tcp() as (bus, gateway):
        assert await bus.read(1, 3, 0, 1, timing=PACE) == [1000]
        gateway.drop()
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(NoLine, NoAnswer):
                    assert await bus.read(1, 3, 1, 1, timing=PACE, order=True) == [1001]
                    break
                await asyncio.sleep(0.05)
        assert gateway.connections == 2
        assert bus.trouble == ""


async def test_a_gateway_that_falls_silent_is_connected_anew() -> None:
    async with over_tcp() as (bus, gateway):
        assert await bus.read(1, 3, 0, 1, timing=PACE) == [1000]
        gateway.mute = True
        for _ in range(3):
            with pytest.raises(NoAnswer):
                await bus.read(1, 3, 0, 1, timing=QUICK, order=True)
        gateway.mute = False
        assert await bus.read(1, 3, 0, 1, timing=PACE, order=True) == [1000]
        assert gateway.connections == 2


async def test_no_gateway_is_no_line() -> None:
    settings = StreamBus(id="far", kind="serial-over-tcp", host="127.0.0.1", port=1)
    async with Bus(settings) as bus:
        with pytest.raises(NoLine, match="no connection to"):
            await bus.read(1, 3, 0, 1, timing=PACE)


ASKED = bytes.fromhex("3A 30 31 30 34 30 42 42 41 30 30 30 31 33 35 0D 0A")
ANSWERED = bytes.fromhex("3A 30 31 30 34 30 32 30 30 30 31 46 38 0D 0A")
Saying = Callable[[bytes], Iterable[Delayed]]


@contextlib.asynccontextmanager
async def ascii_line(tmp_path: Path, say: Saying) -> AsyncIterator[Bus]:
    with FramePeer(tmp_path / "line", [ASKED], say) as peer:
        settings = SerialBus(id="a", kind="serial", port=str(peer.link), framing="ascii")
        async with Bus(settings) as bus:
            yield bus


WAYS: dict[str, Saying] = {
    "plain": lambda _: [(0, ANSWERED)],
    "in pieces": lambda _: [(0, ANSWERED[:4]), (0.05, ANSWERED[4:9]), (0.05, ANSWERED[9:])],
    "echoed": lambda question: [(0, question), (0.01, ANSWERED)],
    "behind a cut answer": lambda _: [(0, ANSWERED[:9] + ANSWERED)],
    "behind noise": lambda _: [(0, b"\xff\x00:01" + ANSWERED)],
    "in lower case": lambda _: [(0, ANSWERED.lower())],
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_recorded_ascii_answer_is_read(tmp_path: Path, way: Saying) -> None:
    async with ascii_line(tmp_path, way) as bus:
        assert await bus.read(1, 4, 0x0BBA, 1, timing=PACE) == [1]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(ANSWERED.replace(b"F8", b"F9"), BadAnswer, id="wrong LRC"),
        pytest.param(b":020402000 1F7\r\n".replace(b" ", b""), BadAnswer, id="another unit"),
        pytest.param(b":01040400010001F5\r\n", BadAnswer, id="two registers"),
        pytest.param(ANSWERED[:-6], BadAnswer, id="cut"),
        pytest.param(b":01840279\r\n", Refused, id="exception 2"),
        pytest.param(b"", NoAnswer, id="silence"),
    ],
)
async def test_what_is_no_ascii_answer_is_none(
    tmp_path: Path, answer: bytes, error: type[Exception]
) -> None:
    async with ascii_line(tmp_path, lambda _: [(0, answer)] if answer else []) as bus:
        with pytest.raises(error):
            await bus.read(1, 4, 0x0BBA, 1, timing=QUICK)


async def test_an_answer_from_before_a_lost_connection_is_not_taken_after_it() -> None:
    """The unit answers late, the gateway hands that to the next connection."""
    owed = bytes.fromhex("01 03 02 00 63")
    late_s = 0.75
    first_at = 0.0
    loop = asyncio.get_running_loop()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal first_at
        writers.append(writer)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(64):
                if not first_at:
                    first_at = loop.time()
                    break
                right = bytes((1, 3, 2)) + data[2:4]
                soon = loop.time() - first_at < late_s
                writer.write(owed + crc(owed) if soon else right + crc(right))
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = StreamBus(id="far", kind="serial-over-tcp", host="127.0.0.1", port=port)
    try:
        async with Bus(settings) as bus, asyncio.timeout(60):
            with pytest.raises(NoLine):
                await bus.read(1, 3, 7, 1, timing=QUICK, order=True)
            assert await answered(bus, 8) == [8]
    finally:
        server.close()
        await gone(writers)


async def answered(bus: Bus, start: int) -> list[int]:
    while True:
        with contextlib.suppress(NoLine):
            return await bus.read(1, 3, start, 1, timing=QUICK, order=True)
        await asyncio.sleep(0.05)
