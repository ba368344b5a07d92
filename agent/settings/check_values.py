"""Values: point, unit, basis, conversions, range and limits of a factor fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.settings.check_conversions import check_conversions, check_references
from agent.settings.check_factors import wire_factors
from agent.settings.findings import Findings
from agent.settings.gas import first_unit
from agent.settings.outlet import FactorRule, Limit, Outlet
from agent.settings.site import FactorSource, Site
from agent.settings.source import Path
from agent.settings.units import UNITS, convertible, needs_conversion, unit_of
from drivers.profile import Profile, Quantity


def check_values(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    """Note what is wrong with the factors of every outlet."""
    devices = {device.id: device for device in reversed((*site.devices, *site.samplers))}
    for number, outlet in enumerate(site.outlets):
        for code, rule in outlet.factors.items():
            path: Path = ("outlets", number, "factors", code)
            device = devices.get(rule.device)
            profile = profiles.get(device.profile) if device else None
            if device is not None and profile is not None:
                source = FactorSource(outlet, code, rule, device)
                _check_source(site, source, profile, path, findings)
            _check_range(rule, path, findings)
            _check_counter(rule, profile, path, findings)
            _check_limits(rule, path, findings)
            _check_retention(site, outlet, rule, path, findings)
    _check_overrides(site, profiles, findings)
    check_references(site, findings)


def units_of(source: FactorSource, point: Quantity) -> list[str]:
    """Give the units a point may come in: the site's, the profile's, or all it can switch to."""
    override = source.device.points.get(point.id)
    if override is not None and override.unit is not None:
        return [override.unit]
    return list(point.units_said)


def _check_source(
    site: Site, source: FactorSource, profile: Profile, path: Path, findings: Findings
) -> None:
    point = profile.quantity(source.point)
    if point is None:
        known = [each.id for each in profile.quantities]
        if source.rule.point is not None:
            place = (*path, "point")
            findings.unknown("unknown_point", place, found=source.point, known=known)
        elif any(wire_factors(site, source.outlet, source.code)):
            findings.unknown("unknown_point", path, found=source.point, known=known)
        return
    if check_conversions(site, source, point, path, findings):
        _check_unit(site, source, point, path, findings)
    _check_sampling(source.rule, profile, point, path, findings)


def _check_unit(
    site: Site, source: FactorSource, point: Quantity, path: Path, findings: Findings
) -> None:
    for known in wire_factors(site, source.outlet, source.code):
        for unit in units_of(source, point):
            wanted = first_unit(source.rule.conversions, own=unit, wire=known.unit)
            if not convertible(unit, wanted):
                kind = "needs_conversion" if needs_conversion(unit, wanted) else "no_way"
                place = (*path, "point") if source.rule.point else path
                findings.error(
                    kind,
                    place,
                    found=f"{source.device.profile} {point.id}: {unit or '-'}",
                    allowed=", ".join(_alike(wanted)),
                )
                return


def _alike(wire_unit: str) -> Iterator[str]:
    meant = unit_of(wire_unit)
    for unit in UNITS.values():
        if meant is not None and unit.kind == meant.kind:
            yield unit.name or "-"


def _check_sampling(
    rule: FactorRule, profile: Profile, point: Quantity, path: Path, findings: Findings
) -> None:
    batch = profile.batch is not None or point.id in profile.batch_points
    if rule.sampling is not None and not batch:
        findings.warning(
            "not_batch",
            (*path, "sampling"),
            found=f"{profile.profile} {point.id}",
            allowed=", ".join(sorted(profile.batch_points)) or ("不写", "leave it out"),
        )


def _check_range(rule: FactorRule, path: Path, findings: Findings) -> None:
    if rule.range is not None and rule.range[0] >= rule.range[1]:
        low, high = rule.range
        findings.error(
            "range_reversed",
            (*path, "range"),
            found=f"[{low:g}, {high:g}]",
            allowed=("[下限, 上限]，下限小于上限", "[low, high], low below high"),
        )


def _check_counter(
    rule: FactorRule, profile: Profile | None, path: Path, findings: Findings
) -> None:
    """Note a counter that is asked for and not named, that has no range, or no such points."""
    if rule.volume == "counter" and rule.counter is None:
        findings.error("counter_missing", (*path, "volume"), found="counter", allowed="integral")
    if rule.counter is None:
        return
    if rule.range is None:
        # what never flows is what tells a counter's leap from flow
        findings.error("counter_range", (*path, "counter"), allowed="range")
    known = {} if profile is None else {point.id: point for point in profile.points}
    for point_id in rule.counter.points if profile else ():
        point = known.get(point_id)
        if point is None:
            place = (*path, "counter")
            findings.unknown("unknown_point", place, found=point_id, known=list(known))
            continue
        units = [*point.unit_from.values.values()] if point.unit_from else [point.unit]
        if not all(convertible(unit, "m3") for unit in units):
            found = f"{point_id}: {', '.join(units)}"
            findings.error("no_way", (*path, "counter"), found=found, allowed="m3")


def _check_limits(rule: FactorRule, path: Path, findings: Findings) -> None:
    for number, limit in enumerate(rule.limits):
        place = (*path, "limits", number)
        if limit.high is None and limit.low is None:
            findings.error("no_limit", place, allowed="high, low")
        elif limit.high is not None and limit.low is not None and limit.low >= limit.high:
            findings.error(
                "limits_reversed",
                (*place, "low"),
                found=f"low {limit.low:g}, high {limit.high:g}",
                allowed=f"low < {limit.high:g}",
            )
        elif rule.range is not None and rule.range[0] < rule.range[1]:
            _check_reach(limit, rule.range, place, findings)


def _check_reach(limit: Limit, span: tuple[float, float], place: Path, findings: Findings) -> None:
    for key, edge in (("high", limit.high), ("low", limit.low)):
        if edge is not None and not span[0] <= edge <= span[1]:
            findings.warning(
                "limit_outside",
                (*place, key),
                found=f"{edge:g}",
                allowed=f"{span[0]:g}..{span[1]:g}",
            )


def _check_retention(
    site: Site, outlet: Outlet, rule: FactorRule, path: Path, findings: Findings
) -> None:
    for number, limit in enumerate(rule.limits):
        if limit.retain and site.sampler_of(outlet.id) is None:
            known = ", ".join(f"{each.id} ({each.outlet})" for each in site.samplers)
            findings.warning(
                "no_sampler",
                (*path, "limits", number, "retain"),
                found=outlet.id,
                allowed=known or ("samplers 里没有采样器", "there is none in samplers"),
            )


def _check_overrides(site: Site, profiles: Mapping[str, Profile], findings: Findings) -> None:
    for kind, row in (("devices", site.devices), ("samplers", site.samplers)):
        for number, device in enumerate(row):
            profile = profiles.get(device.profile)
            if profile is None:
                continue
            known = [point.id for point in profile.quantities]
            for point_id in device.points:
                if point_id not in known:
                    path = (kind, number, "points", point_id)
                    findings.unknown("unknown_point", path, found=point_id, known=known)
