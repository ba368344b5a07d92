"""Contacts and analogue inputs: their points are there and mean something."""

from __future__ import annotations

from collections.abc import Mapping

from agent.settings.equipment import KEY_SWITCHES, OF_FACILITIES, InputSettings
from agent.settings.findings import Findings
from agent.settings.outlet import Analogue, FactorRule
from agent.settings.site import Site
from agent.settings.source import Path
from drivers.profile import Profile

_OF_AN_OUTLET = KEY_SWITCHES | {"trigger"}


def check_inputs(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Note what is wrong with contacts and with the current loops of factors."""
    for number, given in enumerate(site.inputs):
        path: Path = ("inputs", number)
        _check_point(site, profiles, given.device, given.point, (*path, "point"), findings)
        _check_meaning(site, given, path, findings)
    for number, outlet in enumerate(site.outlets):
        for code, rule in outlet.factors.items():
            if rule.analogue is not None:
                place = ("outlets", number, "factors", code, "analogue")
                _check_loop(site, profiles, rule, rule.analogue, place, findings)


def _check_point(
    site: Site,
    profiles: Mapping[str, Profile],
    device: str,
    point: str,
    path: Path,
    findings: Findings,
) -> None:
    known = {one.id: one for one in (*site.devices, *site.samplers)}
    profile = profiles.get(known[device].profile) if device in known else None
    if profile is not None and profile.quantity(point) is None:
        names = [one.id for one in profile.quantities]
        findings.unknown("unknown_point", path, found=point, known=names)


def _check_meaning(site: Site, given: InputSettings, path: Path, findings: Findings) -> None:
    outlets = {one.id: one for one in site.outlets}
    if given.means in _OF_AN_OUTLET and given.outlet is None and len(outlets) > 1:
        findings.error("input_outlet", (*path, "means"), found=given.means, allowed="outlet: …")
    outlet = given.outlet or next(iter(outlets))
    for number, code in enumerate(given.factors):
        if outlet in outlets and code not in outlets[outlet].factors:
            known = list(outlets[outlet].factors)
            findings.unknown("factor_not_here", (*path, "factors", number), found=code, known=known)
    if given.means == "trigger" and outlet in outlets and site.sampler_of(outlet) is None:
        findings.warning("no_sampler", (*path, "means"), found=outlet)
    if given.facility is not None:
        _check_facility(given, path, findings, several=len(outlets) > 1)
    if given.stop and given.means != "battery":
        findings.error("input_stop", (*path, "stop"), found=given.means, allowed="battery")


def _check_facility(given: InputSettings, path: Path, findings: Findings, *, several: bool) -> None:
    if given.means not in OF_FACILITIES:
        allowed = ", ".join(OF_FACILITIES)
        findings.error("input_facility", (*path, "facility"), found=given.means, allowed=allowed)
    elif given.outlet is None and several and given.means not in _OF_AN_OUTLET:
        findings.error("input_outlet", (*path, "means"), found=given.means, allowed="outlet: …")


def _check_loop(
    site: Site,
    profiles: Mapping[str, Profile],
    rule: FactorRule,
    loop: Analogue,
    path: Path,
    findings: Findings,
) -> None:
    active = loop.active
    pairs: dict[Path, tuple[float, float] | None] = {
        ("raw",): loop.raw,
        ("span",): loop.span,
        ("fault",): loop.fault,
    }
    for told, span in active.spans.items() if active else ():
        pairs["active", "spans", told] = span
    for key, pair in pairs.items():
        if pair is not None and pair[0] >= pair[1]:
            found = f"[{pair[0]:g}, {pair[1]:g}]"
            allowed = ("[下限, 上限]，下限小于上限", "[low, high], low below high")
            findings.error("range_reversed", (*path, *key), found=found, allowed=allowed)
    if active is None:
        return
    device = active.device or rule.device
    devices = {one.id: one for one in site.devices}
    place = (*path, "active", "device") if active.device else (*path, "active", "point")
    if device not in devices:
        findings.unknown("unknown_device", place, found=device, known=list(devices))
        return
    _check_point(site, profiles, device, active.point, (*path, "active", "point"), findings)
    own = devices.get(rule.device)
    if own is not None and own.bus != devices[device].bus:
        findings.error("range_far", place, found=devices[device].bus, allowed=own.bus)
