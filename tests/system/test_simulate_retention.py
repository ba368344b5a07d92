"""Samplers of the simulation keep bottles when told, and their records prove it to our drivers."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulate_bench import playing
from test_simulate_every_profile import site_of

from agent.clock import Clock
from agent.line import sampler_of
from agent.tools.simulate.orders import ORDER
from agent.tools.simulate.simulation import Simulation
from drivers.bus import Bus
from drivers.device import NoAnswer, Refused, Sampler
from drivers.profile import load_profile
from drivers.registry import open_device
from drivers.settings import SerialBus

pytestmark = pytest.mark.system

ISCO, ESUN = "sampler/isco-6712", "sampler/esun-sampler"


def sampler(simulation: Simulation, bus: Bus) -> Sampler:
    (settings,) = simulation.site.samplers
    profile = load_profile(settings.profile)
    found = sampler_of(open_device(settings, profile, bus=bus, clock=Clock()))
    assert found is not None
    return found


def bus_of(simulation: Simulation) -> Bus:
    bus = simulation.site.bus("line1")
    assert isinstance(bus, SerialBus)
    return Bus(bus)


@pytest.mark.parametrize("name", [ISCO, ESUN])
async def test_two_orders_keep_two_bottles_and_the_records_name_them(
    name: str, tmp_path: Path
) -> None:
    site = site_of(f"kind: serial, port: {tmp_path / 'line1'}", [name])
    async with playing(site) as simulation, bus_of(simulation) as bus:
        device = sampler(simulation, bus)
        before = await device.last_retention()
        first = await device.retain(before)
        second = await device.retain(first)
    assert (first.bottle, second.bottle) == (1, 2)
    assert first.ok and second.ok
    assert first.volume_ml == second.volume_ml == 500


async def test_a_jammed_sampler_keeps_no_bottle_and_says_why(tmp_path: Path) -> None:
    site = site_of(f"kind: serial, port: {tmp_path / 'line1'}", [ISCO])
    async with playing(site) as simulation, bus_of(simulation) as bus:
        device = sampler(simulation, bus)
        first = await device.retain(await device.last_retention())
        name = simulation.site.samplers[0].id
        await simulation.obey(ORDER.validate_python({"do": "jam", "device": name}))
        second = await device.retain(first)
    assert first.ok
    assert (second.ok, second.bottle, second.reason) == (False, 2, "没有水样")


async def test_an_open_door_is_said_by_a_sampler_that_has_a_contact_for_it(tmp_path: Path) -> None:
    site = site_of(f"kind: serial, port: {tmp_path / 'line1'}", ["sampler/kesheng"])
    async with playing(site) as simulation, bus_of(simulation) as bus:
        (settings,) = simulation.site.samplers
        profile = load_profile(settings.profile)
        device = open_device(settings, profile, bus=bus, clock=Clock())
        order = {"do": "door", "device": settings.id, "open": True}
        await simulation.obey(ORDER.validate_python(order))
        door = next(one for one in await device.read() if one.point == "door")
    assert door.value == 1.0


async def test_a_sampler_that_is_sampling_takes_no_second_order(tmp_path: Path) -> None:
    site = site_of(f"kind: serial, port: {tmp_path / 'line1'}", [ISCO])
    async with playing(site) as simulation, bus_of(simulation) as bus:
        device = sampler(simulation, bus)
        instrument = simulation.stage.instruments[simulation.site.samplers[0].id]
        instrument.keeping.fill_s = 3600.0
        instrument.keeping.begin(simulation.clock.now(), bottle=5)
        with pytest.raises(NoAnswer, match="a sample is being taken"):
            await device.last_retention()
        with pytest.raises(Refused, match="nothing was sent"):
            await device.retain(None)
