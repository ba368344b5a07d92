"""`paikou simulate` plays every profile, on ptys and over TCP, and our driver reads what it plays.

That shows that both read a profile alike; it proves no profile.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from pathlib import Path

import pytest
from click.testing import CliRunner
from simulate_bench import QUICK, free_port, playing

from agent.clock import Clock
from agent.settings import Site, parse_site
from agent.tools.check import check
from agent.tools.simulate.orders import ORDER
from agent.tools.simulate.registers import Said
from agent.tools.simulate.simulation import Simulation
from agent.tools.simulate.tongues import TONGUES
from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, Cause, Fault, Reading
from drivers.profile import Profile, load_profile, profile_names
from drivers.profile_model import MODBUS as MODBUS_DRIVERS
from drivers.registry import DRIVERS, open_device
from drivers.settings import DeviceSettings

pytestmark = pytest.mark.system

EVERY = profile_names()
MODBUS = [name for name in EVERY if load_profile(name).modbus]
OTHERS = [name for name in EVERY if name not in MODBUS]
LONGEST_S = 90.0
TRIES = 20
"""Values go on while they are read, and what is pushed comes when it comes."""
HEAD = """
unit: {code: 91130200699229617X001P, name: 示例企业}
outlets:
  - {id: DW001, medium: water, factors: {w01018: {device: d1}}}
buses:
"""


def text_of(bus: str, names: list[str]) -> str:
    """Give a site with a device of each profile, at one bus; the first has the outlet's factor."""
    names = ["water/hach-codmax-ii", *(name for name in names if name != "water/hach-codmax-ii")]
    lines = [HEAD, f"  - {{id: line1, {bus}}}\n", "devices:\n"]
    samplers = ["samplers:\n"]
    for number, name in enumerate(names, start=1):
        head = f"  - {{id: d{number}, profile: {name}, bus: line1, address: {number}"
        if name.startswith("sampler/"):
            samplers.append(f"{head}, outlet: DW001}}\n")
        else:
            lines.append(f"{head}}}\n")
    return "".join([*lines, *(samplers if len(samplers) > 1 else [])])


def site_of(bus: str, names: list[str]) -> Site:
    return parse_site(text_of(bus, names).encode())[0]


async def read(settings: DeviceSettings, bus: Bus, simulation: Simulation) -> str:
    """Read an instrument of the simulation; say what is wrong with what came, or nothing."""
    profile = load_profile(settings.profile)
    device = open_device(settings, profile, bus=bus, clock=Clock())
    if settings.id in simulation.stage.samplers:
        readings = await device.read()
        return "" if all(one.cause is Cause.NORMAL for one in readings) else str(readings)
    tries = 0
    while tries < TRIES:
        before = simulation.stage.instruments[settings.id].said()
        readings = await device.read()
        after = simulation.stage.instruments[settings.id].said()
        if not readings:
            await asyncio.sleep(0.3)  # it speaks when it likes; the caller has a time-out
            continue
        if wrong(profile, readings, before, after) is None:
            return ""
        tries += 1
    return str(wrong(profile, readings, before, after))


def wrong(profile: Profile, readings: list[Reading], before: Said, after: Said) -> str | None:
    """Say which reading does not lie between what was said before and after it."""
    state = {profile.state.address} if profile.state else set()
    state |= {alarm.address for alarm in profile.alarms}
    for one in readings:
        if one.cause is not Cause.NORMAL:
            return f"{one.point}: {one.cause} {one.reason}"
        quantity = profile.quantity(one.point)
        assert quantity is not None
        point = profile.point(one.point)
        if (point is not None and point.address in state) or one.point == "sampled_at":
            continue
        assert one.value is not None
        low, high = sorted((before.numbers[one.point], after.numbers[one.point]))
        room = abs(quantity.scale) + 0.02 * max(abs(low), abs(high))
        if not low - room <= one.value <= high + room:
            return f"{one.point}: {one.value}, played {low} to {high}"
    return None


async def read_all(site: Site) -> dict[str, str]:
    """Give what is wrong, by profile, with what is read of all that a site plays."""
    found: dict[str, str] = {}
    async with playing(site) as simulation, contextlib.AsyncExitStack() as stack:
        assert simulation.stage.unplayed == {}
        lines = {bus.id: await stack.enter_async_context(Bus(bus)) for bus in site.buses}
        for settings in (*site.devices, *site.samplers):
            async with asyncio.timeout(LONGEST_S):
                if fault := await read(settings, lines[settings.bus], simulation):
                    found[settings.profile] = fault
    return found


def everything(kind: str, folder: Path) -> Site:
    """Give a site with every profile: all of Modbus on one line, each of the others on its own."""

    def line(number: int) -> str:
        if kind == "serial":
            return f"kind: serial, port: {folder / f'line{number}'}"
        return f"kind: {kind}, host: 127.0.0.1, port: {free_port()}"

    head, _, rest = text_of(line(1), MODBUS).partition("devices:\n")
    buses, devices, samplers = [head], ["devices:\n"], [rest]
    for number, name in enumerate(OTHERS, start=101):
        buses.append(f"  - {{id: line{number}, {line(number)}}}\n")
        one = f"  - {{id: d{number}, profile: {name}, bus: line{number}, address: {number - 100}"
        if name.startswith("sampler/"):
            samplers.append(f"{one}, outlet: DW001}}\n")
        else:
            devices.append(f"{one}, period_s: 1}}\n")
    return parse_site("".join([*buses, *devices, *samplers]).encode())[0]


@pytest.mark.parametrize("kind", ["serial", "serial-over-tcp"])
async def test_every_profile_is_read_from_a_line_of_bytes(kind: str, tmp_path: Path) -> None:
    site = everything(kind, tmp_path)
    assert len(site.devices) + len(site.samplers) == len(EVERY)
    assert await read_all(site) == {}


async def test_every_modbus_profile_is_read_over_tcp() -> None:
    site = site_of(f"kind: tcp, host: 127.0.0.1, port: {free_port()}", MODBUS)
    assert await read_all(site) == {}


async def test_every_modbus_profile_is_read_in_ascii_frames(tmp_path: Path) -> None:
    bus = f"kind: serial, port: {tmp_path / 'line1'}, framing: ascii"
    assert await read_all(site_of(bus, MODBUS)) == {}


async def test_a_line_takes_the_time_of_its_baud_rate(tmp_path: Path) -> None:
    """At 1200 baud the frames of one float take 17 * 10 / 1200 s and cannot be there before."""
    bus = f"kind: serial, port: {tmp_path / 'line1'}, baud: 1200"
    site = site_of(bus, ["water/ph"])
    play = dataclasses.replace(QUICK, line_time=True)
    async with Simulation(site, Clock(), play), Bus(site.bus("line1")) as line:
        timing = Pace(timeout_s=2.0, gap_s=0.0)
        began = asyncio.get_running_loop().time()
        await line.read(1, 3, 0, 2, timing=timing)
        took_s = asyncio.get_running_loop().time() - began
    assert took_s >= (8 + 9) * 10 / 1200


@pytest.mark.parametrize("kind", ["serial", "tcp"])
async def test_slow_bytes_are_waited_for(kind: str, tmp_path: Path) -> None:
    where = f"port: {tmp_path / 'line1'}" if kind == "serial" else f"port: {free_port()}"
    host = "" if kind == "serial" else "host: 127.0.0.1, "
    site = site_of(f"kind: {kind}, {host}{where}", ["water/ph"])
    async with playing(site) as simulation, Bus(site.bus("line1")) as bus:
        order = {"do": "fault", "device": "d2", "kind": "slow", "byte_s": 0.01}
        await simulation.obey(ORDER.validate_python(order))
        assert await read(site.device("d2"), bus, simulation) == ""


async def test_a_wrong_crc_is_no_value_and_modbus_tcp_has_none(tmp_path: Path) -> None:
    order = ORDER.validate_python({"do": "fault", "device": "d2", "kind": "crc"})
    site = site_of(f"kind: serial, port: {tmp_path / 'line1'}", ["water/ph"])
    async with playing(site) as simulation, Bus(site.bus("line1")) as bus:
        await simulation.obey(order)
        device = open_device(site.device("d2"), load_profile("water/ph"), bus=bus, clock=Clock())
        with pytest.raises(BadAnswer) as caught:
            await device.read()
        assert caught.value.fault is Fault.CHECKSUM
    site = site_of(f"kind: tcp, host: 127.0.0.1, port: {free_port()}", ["water/ph"])
    async with playing(site) as simulation:
        with pytest.raises(ValueError, match="Modbus TCP has no check sum"):
            await simulation.obey(order)


def test_every_protocol_has_its_other_side() -> None:
    assert {*TONGUES, *MODBUS_DRIVERS} == DRIVERS


def test_check_takes_a_site_with_an_instrument_of_every_driver(tmp_path: Path) -> None:
    drivers = {load_profile(name).driver: name for name in profile_names()}
    bus = f"kind: serial, port: {tmp_path / 'line1'}"
    names = [name for name in drivers.values() if not name.startswith("sampler/")]
    path = tmp_path / "site.yaml"
    path.write_text(text_of(bus, names), encoding="utf-8")
    found = CliRunner().invoke(check, [str(path), "--json"])
    assert found.exit_code == 0, found.output
