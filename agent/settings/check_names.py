"""Names: every id once, every reference to something that is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from agent.settings.findings import Findings
from agent.settings.messages import Words
from agent.settings.site import Site
from agent.settings.source import Path
from drivers.settings import DeviceSettings

SYSTEM_TIME = "system"


def check_names(site: Site, findings: Findings) -> None:
    """Note ids used twice and references to nothing."""
    for names in _families(site):
        check_once("id_twice", names, findings)
    _check_facilities(site, findings)
    _check_equipment(site, findings)
    _check_outlets(site, findings)
    _check_destinations(site, findings)


def devices_by_path(site: Site) -> Iterator[tuple[Path, DeviceSettings]]:
    """Give instruments and samplers with their places in the file."""
    for number, device in enumerate(site.devices):
        yield ("devices", number), device
    for number, sampler in enumerate(site.samplers):
        yield ("samplers", number), sampler


def check_once(kind: str, names: Iterable[tuple[Path, str]], findings: Findings) -> None:
    """Note every name after its first."""
    first: dict[str, Path] = {}
    for path, name in names:
        if name in first:
            findings.error(kind, path, found=name, allowed=_once(first[name], findings))
        first.setdefault(name, path)


def _once(path: Path, findings: Findings) -> Words:
    line = findings.source.line(path)
    return (f"一次（第 {line} 行已有）", f"once (already on line {line})")


def _families(site: Site) -> Iterator[list[tuple[Path, str]]]:
    """Give the lists of names that share one space: no device may be called as a sampler is."""
    yield [
        (("facilities", kind, number, "id"), facility.id)
        for kind, row in (
            ("production", site.facilities.production),
            ("treatment", site.facilities.treatment),
        )
        for number, facility in enumerate(row)
    ]
    yield [(("outlets", n, "id"), outlet.id) for n, outlet in enumerate(site.outlets)]
    yield [(("buses", n, "id"), bus.id) for n, bus in enumerate(site.buses)]
    yield [(("alarms", "signals", n, "id"), one.id) for n, one in enumerate(site.alarms.signals)]
    yield [
        *(((*path, "id"), device.id) for path, device in devices_by_path(site)),
        *((("cameras", n, "id"), camera.id) for n, camera in enumerate(site.cameras)),
        *((("inputs", n, "id"), given.id) for n, given in enumerate(site.inputs)),
    ]
    yield [(("destinations", n, "id"), dest.id) for n, dest in enumerate(site.destinations)]
    yield [
        (("destinations", n, "stations", m, "id"), station.id)
        for n, destination in enumerate(site.destinations)
        if destination.type == "platform"
        for m, station in enumerate(destination.stations)
    ]
    yield [(("rounds", n, "id"), task.id) for n, task in enumerate(site.rounds)]
    yield [(("people", n, "id"), person.id) for n, person in enumerate(site.people)]


def _check_facilities(site: Site, findings: Findings) -> None:
    production = [facility.id for facility in site.facilities.production]
    for number, facility in enumerate(site.facilities.treatment):
        place = ("facilities", "treatment", number, "serves")
        _check_all("unknown_facility", place, facility.serves, production, findings)


def _check_equipment(site: Site, findings: Findings) -> None:
    buses = [bus.id for bus in site.buses]
    outlets = [outlet.id for outlet in site.outlets]
    devices = [device.id for _, device in devices_by_path(site)]
    for path, device in devices_by_path(site):
        _check("unknown_bus", (*path, "bus"), device.bus, buses, findings)
    for number, sampler in enumerate(site.samplers):
        place = ("samplers", number, "outlet")
        _check("unknown_outlet", place, sampler.outlet, outlets, findings)
    for number, camera in enumerate(site.cameras):
        _check("unknown_outlet", ("cameras", number, "outlet"), camera.outlet, outlets, findings)
    for number, given in enumerate(site.inputs):
        _check("unknown_device", ("inputs", number, "device"), given.device, devices, findings)
        if given.outlet is not None:
            _check("unknown_outlet", ("inputs", number, "outlet"), given.outlet, outlets, findings)
    for number, signal in enumerate(site.alarms.signals):
        where = ("alarms", "signals", number, "device")
        _check("unknown_device", where, signal.device, devices, findings)
    for number, task in enumerate(site.rounds):
        _check_all("unknown_outlet", ("rounds", number, "outlets"), task.outlets, outlets, findings)


def _check_outlets(site: Site, findings: Findings) -> None:
    treatment = [facility.id for facility in site.facilities.treatment]
    devices = [device.id for _, device in devices_by_path(site)]
    for number, outlet in enumerate(site.outlets):
        place: Path = ("outlets", number)
        _check_all("unknown_facility", (*place, "treatment"), outlet.treatment, treatment, findings)
        if outlet.flow is not None:
            _check("factor_not_here", (*place, "flow"), outlet.flow, outlet.factors, findings)
        for code, rule in outlet.factors.items():
            where = (*place, "factors", code, "device")
            _check("unknown_device", where, rule.device, devices, findings)


def _check_destinations(site: Site, findings: Findings) -> None:
    outlets = [outlet.id for outlet in site.outlets]
    sources = [SYSTEM_TIME, *(destination.id for destination in site.platforms())]
    _check("unknown_destination", ("time_source",), site.time_source, sources, findings)
    for number, destination in enumerate(site.destinations):
        if destination.type == "platform":
            for nth, station in enumerate(destination.stations):
                place = ("destinations", number, "stations", nth, "outlets")
                _check_all("unknown_outlet", place, station.outlets, outlets, findings)


def _check(kind: str, path: Path, name: str, known: Collection[str], findings: Findings) -> None:
    if name not in known:
        findings.unknown(kind, path, found=name, known=known)


def _check_all(
    kind: str, path: Path, names: Sequence[str], known: Collection[str], findings: Findings
) -> None:
    for number, name in enumerate(names):
        _check(kind, (*path, number), name, known, findings)
