"""Buses: one owner per line, one unit per address, a port that is there, time enough."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

from agent.settings.batch import is_batch
from agent.settings.budget import BUSY_SHARE, bus_load
from agent.settings.check_names import devices_by_path
from agent.settings.findings import Findings
from agent.settings.site import Site
from agent.settings.source import Path
from drivers.profile import Profile
from drivers.settings import AnyBus, SerialBus, TcpBus

_BY_NUMBER = re.compile(r"/dev/tty(USB|ACM)\d+")


_UNNAMED = ("hj212-serial", "megatec", "isco", "kesheng-sampler", "shijiazhuang-sampler")
"""Protocols whose questions name no unit, or that push."""


def check_lines(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Note what is wrong with buses and with the units on them."""
    _check_addresses(site, findings)
    _check_owners(site, findings)
    _check_rates(site, profiles, findings)
    _check_protocols(site, profiles, findings)
    _check_sharing(site, profiles, findings)
    for number, bus in enumerate(site.buses):
        if isinstance(bus, SerialBus):
            _check_port(("buses", number, "port"), bus.port, findings)
            _check_settings(site, number, profiles, findings)
        load = bus_load(site, bus, profiles)
        if load.share > BUSY_SHARE:
            findings.warning(
                "budget",
                ("buses", number),
                found=f"{load.share:.0%}",
                allowed=f"<= {BUSY_SHARE:.0%}",
            )


SLOWEST_S = 60
"""A continuous instrument asked less often leaves minutes without a sample."""


def _check_rates(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Refuse a rate at which a continuous factor can have no valid minute; tell one too fast."""
    for path, device in devices_by_path(site):
        profile = profiles.get(device.profile)
        if profile is not None and device.period_s < profile.line.min_period_s:
            allowed = f">= {profile.line.min_period_s:g}"
            place, found = (*path, "period_s"), f"{device.period_s:g}"
            findings.warning("fast_poll", place, found=found, allowed=allowed)
        if profile is None or device.period_s <= SLOWEST_S or path[0] == "samplers":
            continue
        if any(not is_batch(source, profile) for source in site.sources_of(device.id)):
            place, found = (*path, "period_s"), f"{device.period_s:g}"
            findings.error("slow_poll", place, found=found, allowed=f"<= {SLOWEST_S}")


def _check_protocols(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Refuse an instrument with a protocol of its own at a Modbus TCP endpoint."""
    ends = {bus.id: bus for bus in site.buses}
    for path, device in devices_by_path(site):
        profile = profiles.get(device.profile)
        if profile is None or profile.modbus or not isinstance(ends.get(device.bus), TcpBus):
            continue
        allowed = "serial, serial-over-tcp"
        findings.error("not_modbus", (*path, "bus"), found=profile.driver, allowed=allowed)


def _check_sharing(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Tell of instruments on a shared line that push, or whose questions name no unit."""
    for path, device in devices_by_path(site):
        profile = profiles.get(device.profile)
        if profile is None or len(site.devices_on(device.bus)) == 1:
            continue
        if profile.driver in _UNNAMED or (profile.driver == "ascii" and not _named(profile)):
            allowed = (f"一条线路只接 {device.id}", f"{device.id} alone on its line")
            findings.warning("own_line", (*path, "bus"), found=device.bus, allowed=allowed)


def _named(profile: Profile) -> bool:
    return all("{address" in question.send for question in profile.questions)


def _check_addresses(site: Site, findings: Findings) -> None:
    first: dict[tuple[str, int], tuple[Path, str]] = {}
    for path, device in devices_by_path(site):
        place = (device.bus, device.address)
        if place in first:
            other, name = first[place]
            line = findings.source.line((*other, "address"))
            free = next(n for n in range(1, 249) if (device.bus, n) not in first)
            findings.error(
                "address_twice",
                (*path, "address"),
                found=f"{device.bus} {device.address}",
                allowed=(
                    f"每个地址一台（第 {line} 行 {name} 已用；{free} 空闲）",
                    f"one unit per address (line {line}: {name}; {free} is free)",
                ),
            )
        first.setdefault(place, (path, device.id))


def _check_owners(site: Site, findings: Findings) -> None:
    first: dict[str, int] = {}
    for number, bus in enumerate(site.buses):
        end, key, kind = _end(bus)
        if end in first:
            line = findings.source.line(("buses", first[end], key))
            allowed = (
                f"每个端口一条总线（第 {line} 行已有）",
                f"one bus per port (already on line {line})",
            )
            note = findings.error if kind == "port_twice" else findings.warning
            note(kind, ("buses", number, key), found=end, allowed=allowed)
        first.setdefault(end, number)


def _end(bus: AnyBus) -> tuple[str, str, str]:
    """Give what a bus owns, by its real name, with the key and the finding for it."""
    if not isinstance(bus, SerialBus):
        return f"{bus.host.lower()}:{bus.port}", "host", "endpoint_twice"
    try:
        return str(FilePath(bus.port).resolve()), "port", "port_twice"
    except (OSError, ValueError, RuntimeError):  # a loop of links, a null in the name
        return bus.port, "port", "port_twice"


def _check_port(path: Path, port: str, findings: Findings) -> None:
    if _BY_NUMBER.fullmatch(port):
        findings.warning("port_by_number", path, found=port, allowed="/dev/serial/by-path/…")
    try:
        there = stat.S_ISCHR(FilePath(port).stat().st_mode)
    except (OSError, ValueError):
        there = False
    if not there:
        allowed = ", ".join(_ports()) or ("（本机现在没有串口）", "(no serial port here now)")
        findings.warning("no_port", path, found=port, allowed=allowed)


def _ports() -> list[str]:
    directory = FilePath("/dev/serial/by-path")
    return sorted(str(port) for port in directory.iterdir()) if directory.is_dir() else []


def _check_settings(
    site: Site, number: int, profiles: Mapping[str, Profile], findings: Findings
) -> None:
    """Compare a line with what the profiles of its units say, for each setting that differs."""
    bus = site.buses[number]
    lines = {
        device.id: profiles[device.profile].line
        for device in site.devices_on(bus.id)
        if device.profile in profiles
    }
    for key in ("baud", "parity", "stop_bits"):
        ours = getattr(bus, key)
        others = [f"{name} {getattr(line, key)}" for name, line in lines.items()]
        differing = [said for said in others if said.rpartition(" ")[2] != str(ours)]
        if differing:
            findings.warning(
                "line_differs",
                ("buses", number, key),
                found=str(ours),
                allowed=", ".join(differing),
            )


def unused(site: Site) -> Iterator[tuple[Path, str]]:
    """Give the instruments that no factor and no input takes anything from."""
    used = {rule.device for outlet in site.outlets for rule in outlet.factors.values()}
    used.update(given.device for given in site.inputs)
    loops = [rule.analogue for outlet in site.outlets for rule in outlet.factors.values()]
    used.update(loop.active.device for loop in loops if loop and loop.active and loop.active.device)
    for number, device in enumerate(site.devices):
        if device.id not in used:
            yield ("devices", number), device.id
