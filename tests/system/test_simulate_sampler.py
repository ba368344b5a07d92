from __future__ import annotations

from pathlib import Path

import pytest
from simulate_bench import Require, mbpoll, playing, site, until, values

from agent.clock import Clock
from agent.tools.simulate.simulation import Simulation
from drivers.bus import Bus
from drivers.profile import load_profile
from drivers.registry import open_device
from drivers.sampler import DayueSampler

pytestmark = pytest.mark.system

RTU = ("-m", "rtu", "-b", "9600", "-P", "none", "-a", "9", "-t", "4")
COMMAND = ("-r", "0x219")


async def read(simulation: Simulation, address: int, count: int) -> list[int]:
    port = simulation.site.bus("line1").port
    _, said = await mbpoll(*RTU, "-r", hex(address), "-c", str(count), str(port))
    return [int(value) for value in values(said)]


async def write(simulation: Simulation, *registers: int, address: int = 0x219) -> str:
    port = simulation.site.bus("line1").port
    numbers = [str(register) for register in registers]
    _, said = await mbpoll(*RTU, "-r", hex(address), str(port), *numbers)
    return said


async def test_retention_ordered_by_an_independent_master_ends_in_a_bottle_and_a_record(
    tmp_path: Path, require: Require
) -> None:
    require("mbpoll")
    async with playing(site(tmp_path)) as simulation:
        assert "Written 3 references" in await write(simulation, 1, 1, 3)

        async def done() -> bool:
            return await read(simulation, 0x219, 1) == [0x4000]

        await until(done)
        bottles = await read(simulation, 0x0C, 3)
        record = await read(simulation, 0x85, 3)
        year = await read(simulation, 0x51, 1)
    assert bottles == [1, 500, 0]
    assert record == [1, 1, 500]
    assert year[0] & 0xFF00 == 0x2000


async def test_three_single_writes_of_an_independent_master_do_nothing(
    tmp_path: Path, require: Require
) -> None:
    require("mbpoll")
    async with playing(site(tmp_path)) as simulation:
        for address, value in ((0x219, 1), (0x21A, 1), (0x21B, 3)):
            assert "Written 1 references" in await write(simulation, value, address=address)
        assert await read(simulation, 0x219, 1) == [0]
        assert simulation.show()["devices"]["sampler"]["last"] == []


async def test_refusal_reaches_an_independent_master(tmp_path: Path, require: Require) -> None:
    require("mbpoll")
    async with playing(site(tmp_path)) as simulation:
        simulation.stage.samplers["sampler"].bottles[:] = [500] * 24
        assert "Slave device or server failure" in await write(simulation, 1, 1, 3)
        assert await read(simulation, 0x0A, 2) == [1, 7]


async def test_our_own_driver_keeps_a_bottle_and_proves_it(tmp_path: Path) -> None:
    async with playing(site(tmp_path)) as simulation:
        settings = simulation.site.device("sampler")
        async with Bus(simulation.site.bus("line1")) as bus:
            device = open_device(settings, load_profile(settings.profile), bus=bus, clock=Clock())
            assert isinstance(device, DayueSampler)
            before = await device.last_retention()
            record = await device.retain(before)
    assert before is None
    assert (record.bottle, record.volume_ml, record.ok) == (1, 500, True)
