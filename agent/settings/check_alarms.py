"""Alarms: what sounds can be switched on and off."""

from __future__ import annotations

from collections.abc import Mapping

from agent.settings.findings import Findings
from agent.settings.site import Site
from drivers.profile import Profile
from drivers.profile_operations import OperationName

WANTED: tuple[OperationName, ...] = ("output_on", "output_off")


def check_alarms(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Note signals whose instrument has no output to switch."""
    devices = {one.id: one for one in (*site.devices, *site.samplers)}
    for number, signal in enumerate(site.alarms.signals):
        device = devices.get(signal.device)
        profile = profiles.get(device.profile) if device is not None else None
        if profile is not None and any(one not in profile.operations for one in WANTED):
            place = ("alarms", "signals", number, "device")
            findings.error("no_output", place, found=profile.profile, allowed=" ".join(WANTED))
