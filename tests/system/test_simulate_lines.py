from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import struct
import sys
import termios
from pathlib import Path

import pytest
import serial
from simulate_bench import Require, free_port, mbpoll, playing, site, until, values

from agent.tools.simulate.faults import Fault, Kind
from agent.tools.simulate.orders import ORDER
from agent.tools.simulate.port_link import PortTaken
from agent.tools.simulate.rtu_frames import close
from agent.tools.simulate.simulation import LineNotPlayed, Simulation

pytestmark = pytest.mark.system

RTU = ("-m", "rtu", "-b", "9600", "-P", "none")
TIOCGEXCL = 0x80045440
"""Asks whether a terminal is marked for one alone (ioctl_tty(2)); root is let in regardless."""

READ_PH = bytes.fromhex("03 2602 0002")


def port_of(simulation: Simulation) -> str:
    return str(simulation.site.bus("line1").port)


def tcp_of(simulation: Simulation) -> int:
    return int(simulation.site.bus("net1").port)


def there(simulation: Simulation) -> bool:
    return Path(port_of(simulation)).is_symlink()


async def order(simulation: Simulation, **what: object) -> None:
    await simulation.obey(ORDER.validate_python(what))


def exchange(port: str, pieces: list[bytes], expected: int) -> bytes:
    """Send pieces over a serial port and read so many bytes, or what came within a second."""
    with serial.Serial(port, 9600, timeout=1.0, exclusive=True) as line:
        for piece in pieces:
            line.write(piece)
            line.flush()
        return bytes(line.read(expected))


async def test_independent_master_reads_a_float_over_the_simulated_line(
    tmp_path: Path, require: Require
) -> None:
    require("mbpoll")
    async with playing(site(tmp_path)) as simulation:
        await order(simulation, do="set", device="cod", point="w01018", value=36.5)
        await order(simulation, do="measure", device="cod")
        code, said = await mbpoll(
            *RTU, "-a", "1", "-t", "4:float", "-r", "0", "-c", "1", port_of(simulation)
        )
    assert (code, values(said)) == (0, [36.5])


async def test_second_independent_master_reads_another_byte_order(tmp_path: Path) -> None:
    minimalmodbus = pytest.importorskip("minimalmodbus")
    async with playing(site(tmp_path)) as simulation:
        await order(simulation, do="set", device="ph", point="w01001", value=7.5)

        def ask() -> float:
            master = minimalmodbus.Instrument(port_of(simulation), 3)
            master.serial.timeout = 2.0
            try:
                value: float = master.read_float(
                    0x2602, functioncode=3, byteorder=minimalmodbus.BYTEORDER_LITTLE
                )
                return value
            finally:
                master.serial.close()

        assert await asyncio.to_thread(ask) == 7.5


async def test_both_units_of_a_tcp_endpoint_answer_an_independent_master(
    tmp_path: Path, require: Require
) -> None:
    require("mbpoll")
    async with playing(site(tmp_path)) as simulation:
        await order(simulation, do="set", device="flow", point="w00000", value=36.0)
        tcp = ("-m", "tcp", "-p", str(tcp_of(simulation)))
        _, flow = await mbpoll(
            *tcp, "-a", "5", "-t", "3:float", "-B", "-r", "0x1010", "-c", "1", "127.0.0.1"
        )
        _, units = await mbpoll(*tcp, "-a", "5", "-t", "3", "-r", "0x1020", "-c", "2", "127.0.0.1")
        _, zinc = await mbpoll(*tcp, "-a", "6", "-t", "4:float", "-r", "0", "-c", "1", "127.0.0.1")
        _, nobody = await mbpoll(*tcp, "-a", "7", "-t", "4", "-r", "0", "-c", "1", "127.0.0.1")
    assert values(flow) == [36.0]
    assert values(units) == [5, 1]
    assert 0 < values(zinc)[0] < 700
    assert "Target device failed to respond" in nobody


async def test_register_outside_the_map_is_refused_to_an_independent_master(
    tmp_path: Path, require: Require
) -> None:
    require("mbpoll")
    async with playing(site(tmp_path)) as simulation:
        _, said = await mbpoll(
            *RTU, "-a", "1", "-t", "4", "-r", "0x200", "-c", "1", port_of(simulation)
        )
    assert "Illegal data address" in said


async def test_unit_that_is_not_there_is_silence(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        asked = [close(77, READ_PH)]
        assert await asyncio.to_thread(exchange, port_of(simulation), asked, 9) == b""


async def test_request_in_single_bytes_is_answered_once_it_is_whole(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        pieces = [bytes([byte]) for byte in close(3, READ_PH)]
        got = await asyncio.to_thread(exchange, port_of(simulation), pieces, 9)
    assert got[:3] == bytes.fromhex("03 03 04")


async def test_unknown_function_is_exception_1_after_the_silence(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        asked = [close(3, bytes.fromhex("2b 0e 01 00"))]
        got = await asyncio.to_thread(exchange, port_of(simulation), asked, 5)
    assert got == close(3, bytes.fromhex("ab 01"))


async def test_broken_request_is_not_answered_and_the_next_one_is(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        broken = close(3, READ_PH)[:-1] + b"\x00"

        def ask() -> tuple[bytes, bytes]:
            with serial.Serial(port_of(simulation), 9600, timeout=1.0) as line:
                line.write(broken)
                nothing = line.read(9)
                line.write(close(3, READ_PH))
                return bytes(nothing), bytes(line.read(9))

        nothing, answer = await asyncio.to_thread(ask)
    assert nothing == b""
    assert answer[:3] == bytes.fromhex("03 03 04")


@pytest.mark.parametrize(
    ("fault", "start"),
    [
        (Fault(Kind.LATE, late_s=0.3), "03 03 04"),
        (Fault(Kind.FOREIGN), "04 03 04"),
        (Fault(Kind.SHORT), "03 03 02"),
        (Fault(Kind.BUSY), "03 83 06"),
        (Fault(Kind.EXCEPTION, code=2), "03 83 02"),
        (Fault(Kind.GARBAGE), "fc"),
        (Fault(Kind.SILENT), ""),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
async def test_fault_is_on_the_wire(tmp_path: Path, fault: Fault, start: str) -> None:
    async with playing(site(tmp_path)) as simulation:
        await order(
            simulation, do="fault", device="ph", kind=fault.kind, late_s=fault.late_s,
            code=fault.code,
        )  # fmt: skip
        asked = [close(3, READ_PH)]
        got = await asyncio.to_thread(exchange, port_of(simulation), asked, 9)
    assert got.hex(" ").startswith(start)
    assert bool(got) is (fault.kind is not Kind.SILENT)


async def test_late_tcp_answer_keeps_the_transaction_of_its_own_question(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        await order(simulation, do="fault", device="flow", kind="late", late_s=0.3)
        reader, writer = await asyncio.open_connection("127.0.0.1", tcp_of(simulation))
        writer.write(struct.pack(">HHHBBHH", 0x0A01, 0, 6, 5, 4, 0x1020, 1))
        writer.write(struct.pack(">HHHBBHH", 0x0A02, 0, 6, 6, 3, 0, 2))
        first = await asyncio.wait_for(reader.readexactly(13), 60)
        second = await asyncio.wait_for(reader.readexactly(11), 60)
        writer.close()
        await writer.wait_closed()
    assert first[:7] == struct.pack(">HHHB", 0x0A02, 0, 7, 6)
    assert second[:7] == struct.pack(">HHHB", 0x0A01, 0, 5, 5)


async def test_pulled_line_hangs_up_and_is_back_when_plugged(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        port = port_of(simulation)
        descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            await order(simulation, do="line", bus="line1", plugged=False)
            assert not there(simulation)
            with pytest.raises(OSError, match="Input/output error") as hung_up:
                os.write(descriptor, b"x")
            assert hung_up.value.errno == errno.EIO
        finally:
            os.close(descriptor)
        await order(simulation, do="line", bus="line1", plugged=True)
        asked = [close(3, READ_PH)]
        got = await asyncio.to_thread(exchange, port, asked, 9)
    assert got[:3] == bytes.fromhex("03 03 04")


async def test_pulled_tcp_endpoint_cuts_its_clients_and_refuses_new_ones(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        port = tcp_of(simulation)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await order(simulation, do="line", bus="net1", plugged=False)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await order(simulation, do="line", bus="net1", plugged=True)
        _, again = await asyncio.open_connection("127.0.0.1", port)
        again.close()
        await again.wait_closed()


async def test_link_is_gone_when_the_simulation_is_over(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        assert there(simulation)
    assert not there(simulation)


async def test_port_that_was_opened_for_one_alone_is_free_for_the_next(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        port = port_of(simulation)

        def alone() -> tuple[bytes, int]:
            with serial.Serial(port, 9600, timeout=1.0) as line:
                fcntl.ioctl(line.fileno(), termios.TIOCEXCL)
                line.write(close(3, READ_PH))
                answer = bytes(line.read(9))
            with serial.Serial(port, 9600, timeout=1.0) as line:
                marked = fcntl.ioctl(line.fileno(), TIOCGEXCL, bytes(4))
            return answer, int.from_bytes(marked, sys.byteorder)

        answer, marked = await asyncio.to_thread(alone)
    assert answer[:3] == bytes.fromhex("03 03 04")
    assert marked == 0


async def test_second_simulation_of_a_line_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        with pytest.raises(PortTaken, match="another simulator plays"):
            async with playing(site(tmp_path)):
                pass
        asked = [close(3, READ_PH)]
        got = await asyncio.to_thread(exchange, port_of(simulation), asked, 9)
    assert got[:3] == bytes.fromhex("03 03 04")


async def test_taken_tcp_port_is_told_and_leaves_no_line_open(tmp_path: Path) -> None:
    tcp = free_port()
    async with playing(site(tmp_path / "a", tcp)):
        with pytest.raises(LineNotPlayed, match=f"net1: 127.0.0.1:{tcp}"):
            async with playing(site(tmp_path / "b", tcp)):
                pass
        assert not (tmp_path / "b" / "dev" / "line1").is_symlink()


async def test_batch_result_changes_with_its_time(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        said = simulation.show()["devices"]["cod"]

        def changed() -> bool:
            now = simulation.show()["devices"]["cod"]
            return bool(
                now["measured_at"] > said["measured_at"] and now["values"] != said["values"]
            )

        await until(changed)
