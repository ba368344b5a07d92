"""Samplers: factors that are there, thresholds the right way round, a sequence that can be led."""

from __future__ import annotations

from collections.abc import Mapping

from agent.settings.equipment import SamplerSettings
from agent.settings.findings import Findings
from agent.settings.site import Site
from agent.settings.source import Path
from drivers.profile import Profile

LED = ("sample_a", "sample_b", "supply_a", "supply_b", "drain_a", "drain_b")
"""The operations of a profile without which nobody but the sampler leads its vessels."""
FLOWS = frozenset({"w00000", "a00000"})


def check_samplers(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Note what is wrong with what samplers are to keep and with the sequence."""
    outlets = {one.id: one for one in site.outlets}
    for number, sampler in enumerate(site.samplers):
        path: Path = ("samplers", number)
        outlet = outlets.get(sampler.outlet)
        if outlet is None:
            continue  # told already
        for code, rule in sampler.factors.items():
            place = (*path, "factors", code)
            if code not in outlet.factors:
                findings.unknown("factor_elsewhere", place, found=code, known=list(outlet.factors))
            if rule.low is not None and rule.high is not None and rule.low >= rule.high:
                found = f"{rule.low:g} >= {rule.high:g}"
                findings.error("range_reversed", (*place, "low"), found=found, allowed="low < high")
        if sampler.sequence == "agent":
            has_flow = outlet.flow is not None or bool(FLOWS & outlet.factors.keys())
            _check_course(sampler, path, findings, has_flow=has_flow)
            _check_leading(site, sampler, profiles, path, findings)


def _check_course(
    sampler: SamplerSettings, path: Path, findings: Findings, *, has_flow: bool
) -> None:
    course = sampler.course
    if course.proportional != "flow":
        return
    place = (*path, "course", "proportional")
    if course.every_m3 is None:
        findings.error("portions", place, found="flow", allowed="every_m3: …")
    if not has_flow:
        findings.error("no_flow", place, found="flow", allowed="time")


def _check_leading(
    site: Site,
    sampler: SamplerSettings,
    profiles: Mapping[str, Profile],
    path: Path,
    findings: Findings,
) -> None:
    own = profiles.get(sampler.profile)
    lacking = [name for name in LED if own is not None and name not in own.operations]
    if lacking:
        findings.error(
            "cannot_lead", (*path, "sequence"), found=", ".join(lacking), allowed="sampler"
        )
    devices = {one.id: one for one in site.devices}
    for number, name in enumerate(sampler.analyzers):
        place = (*path, "analyzers", number)
        if name not in devices:
            findings.unknown("unknown_device", place, found=name, known=list(devices))
            continue
        profile = profiles.get(devices[name].profile)
        measure = profile.operations.get("measure") if profile is not None else None
        if profile is not None and (measure is None or not measure.confirmed or measure.wants):
            findings.warning("cannot_start", place, found=f"{name}: {profile.profile}")
