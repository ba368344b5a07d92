"""Everything about a site that can be found wrong without touching an instrument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath

from agent.settings.check_alarms import check_alarms
from agent.settings.check_destinations import check_destinations
from agent.settings.check_factors import check_factors
from agent.settings.check_inputs import check_inputs
from agent.settings.check_lines import check_lines, unused
from agent.settings.check_names import check_names, devices_by_path
from agent.settings.check_samplers import check_samplers
from agent.settings.check_values import check_values
from agent.settings.check_watch import check_watch
from agent.settings.equipment import SamplerSettings
from agent.settings.findings import Findings
from agent.settings.site import Site
from agent.settings.source import Path
from drivers.profile import (
    USER_DIRECTORY,
    Profile,
    ProfileError,
    load_profile,
    profile_names,
)
from drivers.retention import cannot_keep


def check_site(
    site: Site, findings: Findings, directories: Sequence[FilePath] | None = None
) -> None:
    """Note what is wrong between the parts of a site.

    `directories` hold the profiles; None means the site's own and those we ship.
    """
    if directories is None:
        directories = site.profile_directories
    profiles = _profiles(site, findings, directories)
    _own_profiles(site, profiles, findings)
    check_names(site, findings)
    check_lines(site, profiles, findings)
    check_factors(site, findings)
    check_values(site, profiles, findings)
    check_inputs(site, profiles, findings)
    check_alarms(site, profiles, findings)
    check_watch(site, profiles, findings)
    check_samplers(site, profiles, findings)
    check_destinations(site, findings)
    for path, name in unused(site):
        findings.warning("unused_device", (*path, "id"), found=name)
    for number, sampler in enumerate(site.samplers):
        _check_proof(number, sampler, profiles.get(sampler.profile), findings)
        first = site.sampler_of(sampler.outlet)
        if first is not None and first is not sampler:
            path = ("samplers", number, "outlet")
            findings.warning("sampler_twice", path, found=sampler.outlet, allowed=first.id)
    for number, outlet in enumerate(site.outlets):
        if not outlet.usual_id:
            allowed = "DA001" if outlet.medium == "gas" else "DW001, YS001"
            path = ("outlets", number, "id")
            findings.warning("unusual_id", path, found=outlet.id, allowed=allowed)
    for path in _later(site):
        findings.warning("later", path)


def _check_proof(
    number: int, sampler: SamplerSettings, profile: Profile | None, findings: Findings
) -> None:
    """Warn of a sampler that is read and never ordered: it could not prove a bottle."""
    reason = cannot_keep(profile) if profile is not None else None
    if reason is not None:
        place = ("samplers", number, "profile")
        findings.warning("no_bottle", place, found=f"{sampler.profile}: {reason}")


def _own_profiles(site: Site, used: Mapping[str, Profile], findings: Findings) -> None:
    """Warn of a folder that is not there and of wrong files in it that no device uses."""
    own = FilePath(site.profiles)
    if not own.is_dir():
        if own != USER_DIRECTORY:
            findings.warning("no_profiles", ("profiles",), found=site.profiles)
        return
    named = {device.profile for _, device in devices_by_path(site)}
    for name in profile_names([own]):
        if name not in used and name not in named:
            try:
                load_profile(name, [own])
            except ProfileError as error:
                findings.warning("bad_profile", ("profiles",), found=str(error))


def _profiles(
    site: Site, findings: Findings, directories: Sequence[FilePath]
) -> dict[str, Profile]:
    """Read the profiles of a site by name, once each."""
    known = profile_names(directories)
    profiles: dict[str, Profile] = {}
    for path, device in devices_by_path(site):
        name, place = device.profile, (*path, "profile")
        if name not in known:
            findings.unknown("unknown_profile", place, found=name, known=known)
            continue
        try:
            profiles[name] = load_profile(name, directories)
        except ProfileError as error:
            findings.error("bad_profile", place, found=str(error))
            continue
        sampler = profiles[name].kind == "sampler"
        if sampler != (path[0] == "samplers"):
            allowed = [each for each in known if each.startswith("sampler/") != sampler]
            findings.error("wrong_kind", place, found=name, allowed=", ".join(allowed))
    return profiles


def _later(site: Site) -> Iterator[Path]:
    """Give what the file sets and this version does not act on yet."""
    for name in ("rounds", "page"):
        if getattr(site, name):
            yield (name,)
    for number, outlet in enumerate(site.outlets):
        for name in ("plate", "permit_totals"):
            if getattr(outlet, name):
                yield ("outlets", number, name)
