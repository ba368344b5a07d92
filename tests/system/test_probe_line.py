"""`paikou probe` without a daemon: libmodbus' server, and a serial line of ours."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from libmodbus_bench import UNIT, Serving, build, rtu, tcp
from rtu_slave import Delayed, RtuSlave, framed, registers_frame

from agent.clock import Clock
from drivers.bus import Bus, Pace
from drivers.line import NoLine
from drivers.probe import ProbeResult, probe_device, scan
from drivers.profile import Profile, load_profile
from drivers.settings import DeviceSettings, SerialBus, Timing
from protocols.registers import encode_number

pytestmark = pytest.mark.system

PROFILE = Profile.model_validate(
    {
        "profile": "water/libmodbus",
        "name": "unit-test-server",
        "source": "its header file",
        "confidence": "manual",
        "driver": "modbus",
        "line": {"timeout_ms": 400},
        "points": [
            {"id": "w01018", "register": "holding", "address": 0x160, "type": "float32",
             "order": "ABCD", "unit": "mg/L", "together": "result"},
            {"id": "third", "register": "holding", "address": 0x162, "type": "uint16",
             "together": "result"},
            {"id": "measured", "register": "input", "address": 0x108, "type": "uint16"},
            {"id": "gone", "register": "holding", "address": 0x15F, "type": "uint16"},
        ],
        "state": {"register": "holding", "address": 0x163, "other": "fault",
                  "values": [{"from": 0, "cause": "normal", "text": "idle"}]},
    }
)  # fmt: skip


def device(address: int, profile: str = "water/libmodbus") -> DeviceSettings:
    timing = Timing(timeout_ms=300)
    return DeviceSettings(id="cod", profile=profile, bus="rtu", address=address, timing=timing)


@pytest.mark.parametrize("over", [rtu, tcp])
async def test_an_independent_server_is_probed(tmp_path: Path, over: Serving) -> None:
    async with over(build(tmp_path)) as settings:
        async with Bus(settings) as bus:
            values = [*encode_number(36.5, "float32"), 7, 0]
            await bus.write(UNIT, 0x160, values, timing=Pace(0.4, 0.0))
            found = await probe(bus)
        assert [reading.value for reading in found.readings] == [36.5, 7, 10, None]
        assert (found.cause, found.state, found.error) == ("normal", "idle", "")
        assert "no such address" in found.readings[3].reason
        spans = {(span.table, span.start): span for span in found.spans}
        assert spans["holding", 0x160].registers == tuple(values)
        assert "exception 2" in spans["holding", 0x15F].error
        assert [mark for mark, _ in found.frames] == [">", "<"] * (len(found.frames) // 2)
        assert found.taken_ms > 0


async def probe(bus: Bus) -> ProbeResult:
    return await probe_device(device(UNIT), PROFILE, bus=bus, clock=Clock())


def electrode(request: bytes) -> Iterable[Delayed]:
    if request[0] not in (3, 7):
        return
    if request[1] != 3 or request[2:4] != b"\x26\x00":
        yield 0, framed(request[0], request[1] | 0x80, 2)
        return
    values = [*encode_number(25.0, "float32", "DCBA"), *encode_number(7.6, "float32", "DCBA")]
    yield 0, registers_frame(request[0], 3, *values)


def line(tmp_path: Path) -> SerialBus:
    return SerialBus(id="rtu", kind="serial", port=str(tmp_path / "line"), baud=9600)


async def probe_ph(settings: SerialBus) -> ProbeResult:
    async with Bus(settings) as bus:
        profile = load_profile("water/ph")
        return await probe_device(device(3, "water/ph"), profile, bus=bus, clock=Clock())


async def test_a_serial_line_is_probed(tmp_path: Path) -> None:
    with RtuSlave(tmp_path / "line", electrode):
        found = await probe_ph(line(tmp_path))
    assert found.ok
    assert [mark for mark, _ in found.frames] == [">", "<"]
    assert found.frames[0][1].startswith(b"\x03\x03\x26\x00\x00\x04")
    assert found.spans[0].registers[:2] == (0x0000, 0xC841)
    assert [reading.value for reading in found.readings] == [25.0, pytest.approx(7.6)]


async def test_a_line_that_is_not_there_is_a_result(tmp_path: Path) -> None:
    found = await probe_ph(line(tmp_path))
    assert not found.ok
    assert "No such file or directory" in found.error
    assert found.frames == ()


async def test_a_scan_finds_the_units_of_a_line(tmp_path: Path) -> None:
    with RtuSlave(tmp_path / "line", electrode):
        async with Bus(line(tmp_path)) as bus:
            found = [unit async for unit in scan(bus, range(1, 9), timeout_s=0.1)]
    assert [unit.address for unit in found] == [3, 7]
    assert "no such address" in found[0].said


async def test_a_scan_of_no_line_says_so(tmp_path: Path) -> None:
    async with Bus(line(tmp_path)) as bus:
        with pytest.raises(NoLine):
            async for _ in scan(bus, range(1, 9)):
                pass


async def test_a_probe_goes_through_the_bus_that_polls(tmp_path: Path) -> None:
    """With a poller on the line the probe waits its turn and no byte is mixed."""
    with RtuSlave(tmp_path / "line", electrode) as slave:
        async with Bus(line(tmp_path)) as bus:
            polls = [
                asyncio.create_task(bus.read(7, 3, 0x2600, 4, timing=Pace(0.5, 0.0)))
                for _ in range(10)
            ]
            await asyncio.sleep(0)
            found = await probe_device(
                device(3, "water/ph"), load_profile("water/ph"), bus=bus, clock=Clock()
            )
            await asyncio.gather(*polls)
    assert found.ok
    assert [request[0] for request in slave.requests].index(3) == 1
    assert {data[0] for _, data in found.frames} == {3}
