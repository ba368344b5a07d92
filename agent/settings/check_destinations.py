"""Destinations: addresses, stations, headers, intervals, secrets."""

from __future__ import annotations

import os
import re
from urllib.parse import SplitResult, urlsplit

from agent.settings.check_names import check_once
from agent.settings.check_wire import (
    check_doors,
    check_files,
    check_wire,
    is_loopback,
    readable,
)
from agent.settings.destination import Destination, OpsServer, Station
from agent.settings.findings import Findings
from agent.settings.messages import Words
from agent.settings.secrets import (
    CredentialSecret,
    FileSecret,
    SecretError,
    secret_path,
)
from agent.settings.site import Site
from agent.settings.source import Path
from agent.settings.spoken import spoken_or_edition

STANDARD_REAL_TIME_S = 30
_MN_WORDS: dict[str, Words] = {
    "hj212-2005": ("14 位数字、字母", "14 letters and digits"),
    "hj212-2017": ("24 位 0-9 A-F", "24 characters 0-9 A-F"),
    "hj212-2025": ("24 位 0-9 A-F", "24 characters 0-9 A-F"),
}
_SCHEMES = {"mqtt": ("mqtt", "mqtts"), "tcp": ("tcp", "tls", "listen", "listens")}


def check_destinations(site: Site, findings: Findings) -> None:
    """Note what is wrong with destinations and their stations."""
    for number, destination in enumerate(site.destinations):
        path: Path = ("destinations", number)
        if isinstance(destination, OpsServer):
            _check_addresses(destination, ("mqtt", "mqtts"), path, findings)
        else:
            _check_addresses(destination, _SCHEMES[destination.transport], path, findings)
            _check_platform(site, destination, path, findings)
            check_wire(destination, path, findings)
            check_files(destination.tcp, (*path, "tcp"), findings)
        if destination.mqtt.password is not None:
            _check_secret(destination.mqtt.password, (*path, "mqtt", "password"), findings)
        check_files(destination.mqtt, (*path, "mqtt"), findings)
    check_doors(site, findings)
    sent = {outlet for _, station in site.stations() for outlet in station.outlets}
    for number, outlet in enumerate(site.outlets):
        if outlet.id not in sent:
            findings.warning("outlet_unsent", ("outlets", number, "id"), found=outlet.id)


def _check_platform(site: Site, destination: Destination, path: Path, findings: Findings) -> None:
    if destination.real_time_s < STANDARD_REAL_TIME_S:
        findings.warning(
            "interval_short",
            (*path, "real_time_s"),
            found=str(destination.real_time_s),
            allowed=f"{STANDARD_REAL_TIME_S}..3600",
        )
    if destination.absent == "profile_sentinel" and not spoken_or_edition(destination).largest_zs:
        findings.warning("no_sentinel", (*path, "absent"), found=destination.absent)
    places = [(*path, "stations", number) for number in range(len(destination.stations))]
    stations = list(zip(places, destination.stations, strict=True))
    headers = [((*place, "mn"), station.mn) for place, station in stations if station.mn]
    check_once("mn_twice", headers, findings)
    seen: dict[str, Path] = {}
    for place, station in stations:
        _check_header(destination, station, place, findings)
        _check_shared(site, station, place, findings)
        for number, outlet in enumerate(station.outlets):
            if outlet in seen:
                line = findings.source.line(seen[outlet])
                allowed = (f"一个站点（第 {line} 行已有）", f"one station (already on line {line})")
                where = (*place, "outlets", number)
                findings.warning("outlet_twice", where, found=outlet, allowed=allowed)
            seen.setdefault(outlet, (*place, "outlets", number))


def _check_header(
    destination: Destination, station: Station, place: Path, findings: Findings
) -> None:
    path = (*place, "mn")
    edition = spoken_or_edition(destination)
    allowed = _MN_WORDS.get(edition.base, edition.mn_shape)
    if not station.mn and edition.base != "hj212-2025":
        findings.error("missing", path, allowed=allowed)
    elif not station.mn:
        findings.warning("mn_empty", path, allowed=allowed)
    elif len(station.mn) > (most := edition.header["MN"] - len("MN=")):
        room = (
            f"{edition.name} 至多 {most} 个字符",
            f"at most {most} characters in {edition.name}",
        )
        findings.error("mn_long", path, found=station.mn, allowed=room)
    elif not re.fullmatch(edition.mn_shape, station.mn):
        findings.warning("mn_form", path, found=station.mn, allowed=allowed)
    if isinstance(station.pw, str):
        allowed_pw = "{file: …}, {credential: …}"
        findings.warning("default_pw", (*place, "pw"), found=station.pw, allowed=allowed_pw)
    else:
        _check_secret(station.pw, (*place, "pw"), findings)
    if station.key is not None:
        _check_secret(station.key, (*place, "key"), findings)


def _check_shared(site: Site, station: Station, place: Path, findings: Findings) -> None:
    """One header has one ST and one MN: two outlets behind it may share no factor."""
    outlets = {outlet.id: outlet for outlet in site.outlets}
    seen: dict[tuple[int, str], str] = {}
    for number, name in enumerate(station.outlets):
        outlet = outlets.get(name)
        if outlet is None:
            continue
        shared = [code for code in outlet.factors if seen.get((outlet.st, code), name) != name]
        if shared:
            other = seen[outlet.st, shared[0]]
            findings.error(
                "factor_shared",
                (*place, "outlets", number),
                found=f"{other}, {name}: ST {outlet.st}, {', '.join(shared)}",
                allowed=("每个排放口一个 MN（站点）", "one station (MN) per outlet"),
            )
        for code in outlet.factors:
            seen.setdefault((outlet.st, code), name)


def _check_addresses(
    destination: Destination | OpsServer, schemes: tuple[str, ...], path: Path, findings: Findings
) -> None:
    allowed = ", ".join(f"{scheme}://host:port" for scheme in schemes)
    for number, address in enumerate(destination.addresses):
        place = (*path, "addresses", number)
        parts = _parts(address)
        if parts is None:
            findings.error("address_form", place, found=_masked(address), allowed=allowed)
        elif parts.scheme not in schemes:
            findings.error("address_scheme", place, found=_masked(address), allowed=allowed)
        elif "@" in parts.netloc:
            findings.error(
                "secret_in_url",
                place,
                found=_masked(address),
                allowed="mqtt.username, mqtt.password",
            )
        elif parts.scheme == "mqtt" and not is_loopback(parts.hostname or ""):
            findings.warning("plain_mqtt", place, found=address, allowed="mqtts://")
        elif parts.scheme != "mqtt" and parts.scheme != "mqtts" and parts.port is None:
            findings.error("address_form", place, found=address, allowed=allowed)


def _parts(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or port == 0 or parts.path not in ("", "/") or parts.query:
        return None
    return None if re.search(r"\s", address) else parts


def _masked(address: str) -> str:
    return re.sub(r"//[^/]*@", "//***@", address)


def _check_secret(secret: FileSecret | CredentialSecret, path: Path, findings: Findings) -> None:
    """Look whether a secret can be read here; systemd's credentials are there only in the unit."""
    if isinstance(secret, CredentialSecret) and "CREDENTIALS_DIRECTORY" not in os.environ:
        return
    try:
        place = secret_path(secret)
    except SecretError as error:
        findings.warning("secret_missing", path, found=str(error))
        return
    if not readable(place):
        findings.warning("secret_missing", path, found=str(place))
