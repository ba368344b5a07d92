"""Conversions: each once, of a factor that can have it, with all that it is calculated of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.gas import MOLAR_MASS
from agent.settings.check_factors import wire_factors
from agent.settings.findings import Findings
from agent.settings.gas import Conversion, GasSettings
from agent.settings.site import FactorSource, Site
from agent.settings.source import Path
from agent.settings.units import unit_of
from drivers.profile import Quantity

# What an instrument has already done to a value of that basis.
_DONE: Mapping[str, frozenset[str]] = {
    "actual": frozenset(),
    "standard": frozenset({"standard"}),
    "standard_dry": frozenset({"standard", "dry"}),
    "converted": frozenset({"standard", "dry", "oxygen"}),
}
_OF_KIND: Mapping[str, frozenset[Conversion]] = {
    "mass concentration": frozenset({"curve", "mass", "standard", "dry", "nox", "oxygen"}),
    "speed": frozenset({"pitot", "field"}),
    "volume flow": frozenset({"pitot", "field", "area", "standard", "dry"}),
}
_OF_FACTOR: Mapping[str, frozenset[Conversion]] = {
    "a01014": frozenset({"oxygens"}),
    "a19001": frozenset({"dry"}),
}


def check_conversions(
    site: Site, source: FactorSource, point: Quantity, path: Path, findings: Findings
) -> bool:
    """Note what is wrong with the conversions of one factor; say if each is one it can have."""
    conversions = source.rule.conversions
    if not conversions:
        return True
    if source.outlet.medium != "gas":
        findings.error(
            "conversion_medium",
            (*path, "conversions"),
            found=f"{source.outlet.medium}: {', '.join(conversions)}",
            allowed="[]",
        )
        return False
    if not _check_kind(site, source, path, findings):
        return False
    if not _check_twice(source, point, path, findings):
        _check_inputs(source, path, findings)
    return True


def check_references(site: Site, findings: Findings) -> None:
    """Note outlets with two words on their reference oxygen."""
    for number, outlet in enumerate(site.outlets):
        gas = outlet.gas
        if gas.reference_oxygen is not None and gas.excess_air is not None:
            path = ("outlets", number, "gas", "excess_air")
            found = f"reference_oxygen {gas.reference_oxygen:g}, excess_air {gas.excess_air:g}"
            findings.error("reference_twice", path, found=found)


def _check_twice(source: FactorSource, point: Quantity, path: Path, findings: Findings) -> bool:
    """Note conversions that the instrument, or the file itself, asks for already; say if any."""
    conversions = source.rule.conversions
    done = _DONE[point.basis]
    if "mass" in conversions:
        # a share of the volume does not change with the state: its mass is that of the standard
        done |= {"standard"}
    left = [each for each in ("standard", "dry", "oxygen") if each not in done]
    wrong = False
    for number, conversion in enumerate(conversions):
        if conversion in done or conversion in conversions[:number]:
            wrong = True
            findings.error(
                "converted_twice",
                (*path, "conversions", number),
                found=f"{conversion} ({source.device.profile} {point.id}: basis {point.basis})",
                allowed=f"[{', '.join(left)}]",
            )
    dry = "dry" in done or "dry" in conversions
    if "oxygen" in conversions and not dry and not wrong:
        found = f"{source.device.profile} {point.id}: basis {point.basis}"
        findings.warning("oxygen_wet", (*path, "conversions"), found=found, allowed="standard, dry")
    return wrong


def _check_kind(site: Site, source: FactorSource, path: Path, findings: Findings) -> bool:
    """Note conversions of a quantity that has none of that sort; say if all is well."""
    allowed = _OF_FACTOR.get(source.code, frozenset())
    for known in wire_factors(site, source.outlet, source.code):
        unit = unit_of(known.unit)
        allowed = allowed or _OF_KIND.get(unit.kind if unit else "", frozenset())
    wrong = [one for one in source.rule.conversions if one not in allowed]
    if wrong:
        findings.error(
            "conversion_factor",
            (*path, "conversions"),
            found=f"{source.code}: {', '.join(wrong)}",
            allowed=f"[{', '.join(sorted(allowed))}]",
        )
    return not wrong


def _check_inputs(source: FactorSource, path: Path, findings: Findings) -> None:
    outlet, gas = source.outlet, source.outlet.gas
    where = (*path, "conversions")
    for conversion, code in _inputs(source, gas):
        if code not in outlet.factors:
            findings.error(
                "conversion_input",
                where,
                found=f"{conversion}: {code}",
                allowed=", ".join(outlet.factors) or "-",
            )
    for conversion, key in _numbers(source, gas):
        findings.error("conversion_number", where, found=conversion, allowed=key)
    wet = outlet.factors.get(gas.oxygen)
    if "oxygens" in source.rule.conversions and wet is not None and "dry" in wet.conversions:
        findings.error("conversion_circle", where, found=f"oxygens, {gas.oxygen}: dry")


def _inputs(source: FactorSource, gas: GasSettings) -> Iterator[tuple[Conversion, str]]:
    for conversion in source.rule.conversions:
        wanted: tuple[str | float, ...] = ()
        match conversion:
            case "pitot" | "standard":
                wanted = (gas.temperature, gas.pressure, gas.ambient_pressure)
            case "dry":
                wanted = (gas.moisture,)
            case "oxygens" | "oxygen":
                wanted = (gas.oxygen,)
            case "nox":
                wanted = (gas.no2,)
        for one in wanted:
            if isinstance(one, str):
                yield conversion, one


def _numbers(source: FactorSource, gas: GasSettings) -> Iterator[tuple[Conversion, str]]:
    """Give each conversion that lacks a number, with the key that would hold it."""
    rule = source.rule
    for conversion in rule.conversions:
        match conversion:
            case "mass" if rule.molar_mass is None and source.code not in MOLAR_MASS:
                yield conversion, "molar_mass"
            case "curve" if rule.curve is None:
                yield conversion, "curve"
            case "area" if gas.duct_area_m2 is None:
                yield conversion, "gas.duct_area_m2"
            case "oxygen" if not _has_reference(source, gas):
                yield conversion, "gas.reference_oxygen, gas.excess_air, reference_oxygen"


def _has_reference(source: FactorSource, gas: GasSettings) -> bool:
    given = (source.rule.reference_oxygen, gas.reference_oxygen, gas.excess_air)
    return any(one is not None for one in given)
