"""`paikou simulate` plays every Modbus profile, over TCP and over a serial server's TCP."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from simulate_bench import free_port, playing

from agent.clock import Clock
from agent.settings import Site, parse_site
from agent.tools.check import check
from agent.tools.simulate.simulation import LineNotPlayed, Simulation
from drivers.bus import Bus
from drivers.device import Cause
from drivers.profile import load_profile, profile_names
from drivers.registry import open_device

pytestmark = pytest.mark.system

MODBUS = [name for name in profile_names() if load_profile(name).modbus]
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


@pytest.mark.parametrize("kind", ["tcp", "serial-over-tcp"])
async def test_every_modbus_profile_is_read_from_the_simulation(kind: str) -> None:
    site = site_of(f"kind: {kind}, host: 127.0.0.1, port: {free_port()}", MODBUS)
    wrong: dict[str, set[str]] = {}
    async with playing(site), Bus(site.bus("line1")) as bus:
        for settings in (*site.devices, *site.samplers):
            profile = load_profile(settings.profile)
            readings = await open_device(settings, profile, bus=bus, clock=Clock()).read()
            assert {one.point for one in readings} == {one.id for one in profile.quantities}
            bad = {one.reason for one in readings if one.cause is not Cause.NORMAL}
            if bad:
                wrong[settings.profile] = bad
    assert wrong == {}


async def test_what_has_no_player_is_said_and_its_neighbours_play(tmp_path: Path) -> None:
    bus = f"kind: serial, port: {tmp_path / 'line1'}"
    site = site_of(bus, ["power/megatec-q1-ups"])
    async with playing(site) as simulation:
        bill = {entry["device"]: entry for entry in simulation.playbill()}
        assert bill["d2"]["unplayed"] == "megatec"
        assert bill["d1"]["unplayed"] is None
        assert list(simulation.show()["devices"]) == ["d1"]


def test_a_modbus_ascii_line_is_refused(tmp_path: Path) -> None:
    bus = f"kind: serial, port: {tmp_path / 'line1'}, framing: ascii"
    with pytest.raises(LineNotPlayed, match="Modbus ASCII"):
        Simulation(site_of(bus, []), Clock())


def test_check_takes_a_site_with_an_instrument_of_every_driver(tmp_path: Path) -> None:
    drivers = {load_profile(name).driver: name for name in profile_names()}
    bus = f"kind: serial, port: {tmp_path / 'line1'}"
    names = [name for name in drivers.values() if not name.startswith("sampler/")]
    path = tmp_path / "site.yaml"
    path.write_text(text_of(bus, names), encoding="utf-8")
    found = CliRunner().invoke(check, [str(path), "--json"])
    assert found.exit_code == 0, found.output
