"""Against uModbus: a third independent slave, over TCP and on a serial line."""

import asyncio
import contextlib
import socketserver
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import serial
from pty_pair import PtyPair
from umodbus import conf  # type: ignore[import-untyped]  # has no types
from umodbus.exceptions import (  # type: ignore[import-untyped]
    IllegalDataAddressError,
    ServerDeviceBusyError,
)
from umodbus.server.serial import get_server as serial_server  # type: ignore[import-untyped]
from umodbus.server.serial.rtu import RTUServer  # type: ignore[import-untyped]
from umodbus.server.tcp import RequestHandler, get_server  # type: ignore[import-untyped]

from drivers.bus import Bus, Pace
from drivers.device import NoAnswer, Refused
from drivers.settings import SerialBus, TcpBus
from protocols.registers import decode_number, encode_number

pytestmark = pytest.mark.system

PACE = Pace(timeout_s=2.0, gap_s=0.0)
Serving = Callable[[], AbstractAsyncContextManager[Bus]]
BUSY, MISSING, LAST = 150, 190, 199


def fill(server: Any) -> dict[int, int]:
    """Give the server unit 1: holding registers, input registers, coils, and two bad places."""
    holding = {address: 1000 + address for address in range(MISSING)}
    holding.update(enumerate(encode_number(36.5, "float32", "CDAB")))

    @server.route(slave_ids=[1], function_codes=[3], addresses=range(LAST))  # type: ignore[untyped-decorator]
    def read(slave_id: int, function_code: int, address: int) -> int:
        if address == BUSY:
            raise ServerDeviceBusyError
        if address not in holding:
            raise IllegalDataAddressError
        return holding[address]

    @server.route(slave_ids=[1], function_codes=[6, 16], addresses=range(LAST))  # type: ignore[untyped-decorator]
    def write(slave_id: int, function_code: int, address: int, value: int) -> None:
        holding[address] = value

    @server.route(slave_ids=[1], function_codes=[4], addresses=range(20))  # type: ignore[untyped-decorator]
    def look(slave_id: int, function_code: int, address: int) -> int:
        return 7 * address

    @server.route(slave_ids=[1], function_codes=[1, 2], addresses=range(40))  # type: ignore[untyped-decorator]
    def bit(slave_id: int, function_code: int, address: int) -> int:
        return int(address % 3 == 0)

    return holding


@contextlib.asynccontextmanager
async def tcp() -> AsyncIterator[Bus]:
    conf.SIGNED_VALUES = False
    server = get_server(socketserver.ThreadingTCPServer, ("127.0.0.1", 0), RequestHandler)
    server.daemon_threads = True
    fill(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        port = server.server_address[1]
        async with Bus(TcpBus(id="net1", kind="tcp", host="127.0.0.1", port=port)) as bus:
            yield bus
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        await asyncio.to_thread(thread.join, 10)


@contextlib.asynccontextmanager
async def rtu() -> AsyncIterator[Bus]:
    conf.SIGNED_VALUES = False
    with PtyPair() as cable:
        port = serial.Serial(cable.left, 9600)
        server = serial_server(RTUServer, port)
        # it takes a pause for the end of a frame: on a busy machine a pty has longer ones
        port.inter_byte_timeout = 0.05
        fill(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            settings = SerialBus(id="line1", kind="serial", port=cable.right)
            async with Bus(settings) as bus:
                yield bus
        finally:
            server.shutdown()
            await asyncio.to_thread(thread.join, 10)
            port.close()


BOTH = pytest.mark.parametrize("over", [tcp, rtu])


@BOTH
async def test_values_of_every_table_are_right(over: Serving) -> None:
    async with over() as bus:
        assert decode_number(await bus.read(1, 3, 0, 2, timing=PACE), "float32", "CDAB") == 36.5
        assert await bus.read(1, 3, 20, 100, timing=PACE) == list(range(1020, 1120))
        assert await bus.read(1, 4, 3, 3, timing=PACE) == [21, 28, 35]
        assert await bus.read(1, 1, 2, 9, timing=PACE) == [0, 1, 0, 0, 1, 0, 0, 1, 0]
        assert await bus.read(1, 2, 3, 1, timing=PACE) == [1]


@BOTH
async def test_what_was_written_is_read_back(over: Serving) -> None:
    async with over() as bus:
        await bus.write(1, 100, [7, 0xFFFF, 9], timing=PACE)
        await bus.write(1, 102, [0x8000], timing=PACE, single=True)
        assert await bus.read(1, 3, 100, 3, timing=PACE) == [7, 0xFFFF, 0x8000]


@BOTH
async def test_refusals_are_refusals_and_are_counted(over: Serving) -> None:
    async with over() as bus:
        with pytest.raises(Refused, match="busy") as busy:
            await bus.read(1, 3, BUSY, 1, timing=PACE)
        with pytest.raises(Refused) as missing:
            await bus.read(1, 3, MISSING - 1, 3, timing=PACE)
        assert (busy.value.code, missing.value.code) == (6, 2)
        assert bus.counts.refused == 2
        assert await bus.read(1, 3, 20, 1, timing=PACE) == [1020]


@BOTH
async def test_a_unit_it_is_not_brings_no_value(over: Serving) -> None:
    async with over() as bus:
        with pytest.raises((NoAnswer, Refused)):
            await bus.read(9, 3, 20, 1, timing=Pace(0.3, 0.0, retries=0))
        assert await bus.read(1, 3, 20, 1, timing=PACE) == [1020]
