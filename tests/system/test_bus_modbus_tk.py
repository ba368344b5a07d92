"""Against modbus_tk: a second independent slave, on a serial line and over TCP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import modbus_tk.defines as tk  # type: ignore[import-untyped]  # has no types
import pytest
import serial
from modbus_tk import modbus_rtu, modbus_tcp
from pty_pair import PtyPair

from drivers.bus import Bus, Pace
from drivers.device import Clock, NoAnswer, Refused
from drivers.line import NoLine
from drivers.modbus import ModbusDevice
from drivers.profile import load_profile
from drivers.settings import DeviceSettings, SerialBus, TcpBus
from protocols.registers import encode_number, encode_time

pytestmark = [
    pytest.mark.system,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:modbus_tk"),
]

PACE = Pace(timeout_s=1.0, gap_s=0.0)
Serving = Callable[[], AbstractAsyncContextManager[Bus]]
MEASURED = 1_782_466_205.0


class StoppedClock:
    def now(self) -> float:
        return 1_782_470_000.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Never needed here."""


CLOCK: Clock = StoppedClock()


def fill(server: Any) -> None:
    slave = server.add_slave(1)
    slave.add_block("holding", tk.HOLDING_REGISTERS, 0, 200)
    slave.add_block("input", tk.ANALOG_INPUTS, 0, 200)
    slave.add_block("coils", tk.COILS, 0, 40)
    slave.set_values("holding", 0, encode_number(36.5, "float32", "CDAB"))
    slave.set_values("holding", 6, [120, 1])
    slave.set_values("holding", 0x2F, encode_time(MEASURED, "hach"))
    slave.set_values("input", 10, [1, 2, 3])
    slave.set_values("coils", 0, [1, 0, 1, 1])


@contextlib.asynccontextmanager
async def rtu() -> AsyncIterator[Bus]:
    with PtyPair() as cable:
        port = serial.Serial(cable.left, 9600)
        server = modbus_rtu.RtuServer(port)
        fill(server)
        server.start()
        try:
            settings = SerialBus(id="line1", kind="serial", port=cable.right)
            async with Bus(settings) as bus:
                yield bus
        finally:
            server.stop()
            port.close()


@contextlib.asynccontextmanager
async def tcp() -> AsyncIterator[Bus]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = modbus_tcp.TcpServer(port=port, address="127.0.0.1")
    fill(server)
    server.start()
    try:
        async with Bus(TcpBus(id="line1", kind="tcp", host="127.0.0.1", port=port)) as bus:
            await listening(bus)
            yield bus
    finally:
        server.stop()


async def listening(bus: Bus) -> None:
    """Wait until the server's thread has its socket."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(NoLine):
                await bus.read(1, 3, 0, 1, timing=PACE)
                return
            await asyncio.sleep(0.05)


BOTH = pytest.mark.parametrize("over", [rtu, tcp])


@BOTH
async def test_a_profile_is_read_from_an_independent_slave(over: Serving) -> None:
    settings = DeviceSettings(id="cod", profile="water/hach-codmax-ii", bus="line1", address=1)
    async with over() as bus:
        device = ModbusDevice(settings, load_profile(settings.profile), bus=bus, clock=CLOCK)
        readings = {reading.point: reading for reading in await device.read()}
    assert (readings["w01018"].value, readings["w01018"].unit) == (36.5, "mg/L")
    assert readings["w01018"].measured_at == MEASURED
    assert readings["digestion_time"].value == 120


@BOTH
async def test_all_four_tables_and_both_writes(over: Serving) -> None:
    async with over() as bus:
        assert await bus.read(1, 4, 10, 3, timing=PACE) == [1, 2, 3]
        assert await bus.read(1, 1, 0, 5, timing=PACE) == [1, 0, 1, 1, 0]
        await bus.write(1, 100, [7, 8, 9], timing=PACE)
        await bus.write(1, 101, [80], timing=PACE, single=True)
        assert await bus.read(1, 3, 100, 3, timing=PACE) == [7, 80, 9]
        with pytest.raises(Refused) as caught:
            await bus.read(1, 3, 190, 20, timing=PACE)
        assert caught.value.code == 2


async def test_a_unit_nobody_is_stays_silent_and_its_neighbour_answers() -> None:
    async with rtu() as bus:
        with pytest.raises(NoAnswer):
            await bus.read(2, 3, 0, 1, timing=Pace(0.1, 0.0, retries=0))
        assert await bus.read(1, 4, 10, 1, timing=PACE) == [1]
