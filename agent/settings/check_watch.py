"""What the watch is told to look at is there: inputs, factors, parameters of instruments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.settings.findings import Findings
from agent.settings.outlet import Outlet
from agent.settings.site import Site
from agent.settings.source import Path
from drivers.profile import Profile


def check_watch(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Note what the watch of each outlet names and nobody has."""
    inputs = [one.id for one in site.inputs]
    outlets = {one.id: one for one in site.outlets}
    for number, outlet in enumerate(site.outlets):
        place: Path = ("outlets", number, "watch")
        for path, name in _inputs(outlet):
            if name not in inputs:
                findings.unknown("unknown_input", (*place, *path), found=name, known=inputs)
        for path, where, code in _factors(outlet):
            if where not in outlets:
                key = (*place, *path, "outlet")
                findings.unknown("unknown_outlet", key, found=where, known=list(outlets))
            elif code not in outlets[where].factors:
                key, known = (*place, *path, "factor"), list(outlets[where].factors)
                findings.unknown("factor_not_here", key, found=code, known=known)
        for code in outlet.watch.factors:
            if code not in outlet.factors:
                known = list(outlet.factors)
                key = (*place, "factors", code)
                findings.unknown("factor_not_here", key, found=code, known=known)
        _check_filed(site, profiles, outlet, place, findings)


def _inputs(outlet: Outlet) -> Iterator[tuple[Path, str]]:
    watch = outlet.watch
    for number, demand in enumerate(watch.line):
        if demand.input is not None:
            yield ("line", number, "input"), demand.input
    for number, switched in enumerate(watch.treatment):
        if switched.input is not None:
            yield ("treatment", number, "input"), switched.input
    for number, step in enumerate(watch.sequence.steps):
        yield ("sequence", "steps", number), step
    if watch.blow_back is not None:
        yield ("blow_back",), watch.blow_back
    for number, valve in enumerate(watch.emergency):
        yield ("emergency", number), valve


def _factors(outlet: Outlet) -> Iterator[tuple[Path, str, str]]:
    for number, demand in enumerate(outlet.watch.line):
        if demand.factor is not None:
            yield ("line", number), demand.outlet or outlet.id, demand.factor
    for number, switched in enumerate(outlet.watch.treatment):
        if switched.outlet is not None and switched.factor is not None:
            yield ("treatment", number), switched.outlet, switched.factor


def _check_filed(
    site: Site,
    profiles: Mapping[str, Profile],
    outlet: Outlet,
    place: Path,
    findings: Findings,
) -> None:
    devices = {one.id: one for one in (*site.devices, *site.samplers)}
    for device, parameters in outlet.watch.filed.items():
        path = (*place, "filed", device)
        if device not in devices:
            findings.unknown("unknown_device", path, found=device, known=list(devices))
            continue
        profile = profiles.get(devices[device].profile)
        if profile is None:
            continue
        known = [one.id for one in profile.parameters] + [one.id for one in profile.values]
        for name in parameters:
            if name not in known:
                findings.unknown("unknown_parameter", (*path, name), found=name, known=known)
