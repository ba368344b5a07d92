"""Who stands behind the short names of a site file: instruments, platforms, persons."""

from __future__ import annotations

from collections.abc import Mapping

from agent.settings import Site
from agent.tools.evidence.hands import people
from drivers.profile import ProfileError, load_profile
from drivers.settings import DeviceSettings


def instruments(site: Site) -> Mapping[str, str]:
    """Give what each instrument, sampler and camera is, by its id: as it is called and its number.

    One without a name of its own is called after its model.
    """
    found = {
        one.id: f"{one.id}（{_described(one, site)}）" for one in (*site.devices, *site.samplers)
    }
    return found | {one.id: f"{one.id}（{one.name}）" for one in site.cameras if one.name}


def asker(by: str, site: Site) -> str:
    """Say who asked for a bundle: a station's platform, a person by name, or whoever it was."""
    for destination, station in site.stations():
        if station.id == by:
            return f"平台 {destination.name or destination.id}（{by}）"
    return people(site).get(by) or by


def measured_by(site: Site, outlet: str, factor: str) -> str:
    """Name the instrument of a factor; empty where none is known."""
    rules = next((one.factors for one in site.outlets if one.id == outlet), {})
    device = rules[factor].device if factor in rules else None
    return instruments(site).get(device or "", device or "")


def _described(one: DeviceSettings, site: Site) -> str:
    try:
        model = load_profile(one.profile, site.profile_directories).name
    except ProfileError:
        model = one.profile
    said = [part for part in (one.name, model) if part]
    return "，".join([*dict.fromkeys(said), *([f"出厂编号 {one.serial}"] if one.serial else [])])
