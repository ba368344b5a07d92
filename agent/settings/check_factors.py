"""Factor codes: known to the editions they are sent in, and of the outlet's medium."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from agent.settings.findings import Findings
from agent.settings.outlet import Outlet
from agent.settings.site import Site
from agent.settings.source import Path
from agent.settings.spoken import spoken_or_edition
from protocols.hj212.editions import Edition, edition, edition_names
from protocols.hj212.factors import Factor, code_in, factor

_ALL = (edition("hj212-2017"), edition("hj212-2025"))


def check_factors(site: Site, findings: Findings) -> None:
    """Note codes that an edition in use does not know, and codes of another medium."""
    for number, outlet in enumerate(site.outlets):
        place: Path = ("outlets", number)
        for code in outlet.factors:
            _check_code(site, outlet, code, (*place, "factors", code), findings)
        for code in outlet.permit_totals:
            _check_code(site, outlet, code, (*place, "permit_totals", code), findings)
    for number, destination in enumerate(site.destinations):
        if destination.type == "platform":
            for nth, code in enumerate(destination.factors or ()):
                path = ("destinations", number, "factors", nth)
                _check_known(code, (spoken_or_edition(destination),), path, findings)


def factor_in(code: str, edition: Edition) -> Factor | None:
    """Give a factor as an edition, or dialect, has it: by that code, else by its own (2005)."""
    known = edition.factor(code)
    if known is not None:
        return known
    other = code_in(code, edition.base)
    return None if other is None else edition.factor(other)


def editions_of(site: Site, outlet: Outlet, code: str) -> tuple[Edition, ...]:
    """Give the editions a factor of an outlet is sent in; the new ones where nobody takes it."""
    return _taken(site, outlet, code) or _ALL


def _taken(site: Site, outlet: Outlet, code: str) -> tuple[Edition, ...]:
    taken = {
        destination.speaks: spoken_or_edition(destination)
        for destination, station in site.stations()
        if outlet.id in station.outlets and code in (destination.factors or (code,))
    }
    return tuple(taken.values())


def wire_factors(site: Site, outlet: Outlet, code: str) -> Iterator[Factor]:
    """Give a factor as each edition it is sent in knows it."""
    for one in editions_of(site, outlet, code):
        known = factor_in(code, one)
        if known is not None:
            yield known


def _check_code(site: Site, outlet: Outlet, code: str, path: Path, findings: Findings) -> None:
    known = list(wire_factors(site, outlet, code))
    if not known or _taken(site, outlet, code):
        _check_known(code, editions_of(site, outlet, code), path, findings)
    for one in known[:1]:
        if one.medium != outlet.medium:
            found = f"{code} {one.name_zh} ({one.medium})"
            findings.error("wrong_medium", path, found=found, allowed=outlet.medium)


def _check_known(code: str, editions: tuple[Edition, ...], path: Path, findings: Findings) -> None:
    lacking = ", ".join(one.name for one in editions if factor_in(code, one) is None)
    if not lacking:
        return
    elsewhere = ", ".join(name for name in edition_names() if factor(code, name) is not None)
    if elsewhere:
        findings.error(
            "unspoken_factor",
            path,
            found=f"{code} ({lacking})",
            allowed=(
                f"{elsewhere} 的因子；在该平台的 factors 里列出其余因子",
                f"a factor of {elsewhere}; list that platform's factors without it",
            ),
        )
        return
    known = dict.fromkeys(one for each in (*_ALL, *editions) for one in each.factors)
    sayable = [one for one in known if all(factor_in(one, each) for each in editions)]
    near = difflib.get_close_matches(code, sayable, n=1)
    findings.error(
        "unknown_factor",
        path,
        found=code,
        allowed=(
            f"{lacking} 的因子编码" + (f"（是不是 {near[0]}？）" if near else ""),
            f"a factor code of {lacking}" + (f" (did you mean {near[0]}?)" if near else ""),
        ),
    )
