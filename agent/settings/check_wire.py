"""What a destination says of its wire: edition and dialect, sealing, TCP, who may call in."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from pathlib import Path as FilePath
from urllib.parse import urlsplit

from agent.errors import ConfigError
from agent.settings.destination import Destination, Station
from agent.settings.dialect import dialect_names
from agent.settings.findings import Findings
from agent.settings.secrets import SecretError, read_secret
from agent.settings.site import Site
from agent.settings.source import Path
from agent.settings.spoken import spoken, spoken_or_edition
from agent.settings.wire import Mqtt, Tcp

_HEX_KEY = re.compile(r"[0-9A-Fa-f]{32}")
_KEY_BYTES = 16


def check_wire(destination: Destination, path: Path, findings: Findings) -> None:
    """Note what is wrong with how a platform is spoken to."""
    _check_dialect(destination, path, findings)
    over_tcp = destination.transport == "tcp"
    if destination.ack == ("puback" if over_tcp else "none"):
        allowed = "auto, 9014, none" if over_tcp else "auto, 9014, puback"
        findings.error("transport_only", (*path, "ack"), found=destination.ack, allowed=allowed)
    there = {name for _, name in socket.if_nameindex()}
    for number, name in enumerate(destination.interfaces):
        if name not in there:
            place = (*path, "interfaces", number)
            findings.warning("no_interface", place, found=name, allowed=", ".join(sorted(there)))
    for number, station in enumerate(destination.stations):
        _check_sealing(destination, station, (*path, "stations", number), findings)
    if over_tcp:
        _check_plain(destination, path, findings)
        _check_door(destination, path, findings)


def _check_dialect(destination: Destination, path: Path, findings: Findings) -> None:
    if destination.dialect is None:
        return
    place = (*path, "dialect")
    known = dialect_names()
    if destination.dialect not in known:
        findings.unknown("unknown_dialect", place, found=destination.dialect, known=known)
        return
    try:
        base = spoken(destination).base
    except ConfigError as error:
        findings.error("bad_dialect", place, found=str(error))
        return
    if "edition" in destination.model_fields_set and destination.edition != base:
        findings.error("dialect_base", (*path, "edition"), found=destination.edition, allowed=base)


def _check_sealing(
    destination: Destination, station: Station, path: Path, findings: Findings
) -> None:
    newest = spoken_or_edition(destination).base == "hj212-2025"
    place = (*path, "key")
    if station.key is None:
        return
    if not newest:
        findings.warning("seal_edition", place, found=destination.speaks, allowed="hj212-2025")
    try:
        key = read_secret(station.key)
    except SecretError:
        return  # that it cannot be read is said elsewhere
    if not _HEX_KEY.fullmatch(key) and len(key.encode()) != _KEY_BYTES:
        findings.error("sm4_key", place, found="***")


def _check_plain(destination: Destination, path: Path, findings: Findings) -> None:
    sealed = destination.seal.rendering != "off"
    if sealed and all(station.key for station in destination.stations):
        return
    newest = spoken_or_edition(destination).base == "hj212-2025"
    kind = "no_key" if newest else "plain_tcp"
    for number, address in enumerate(destination.addresses):
        parts = _parts(address)
        if parts is not None and parts[0] == "tcp" and not is_loopback(parts[1]):
            place = (*path, "addresses", number)
            findings.warning(kind, place, found=address, allowed="tls://")


def _check_door(destination: Destination, path: Path, findings: Findings) -> None:
    """A port that anybody may call takes orders from anybody who knows MN and password."""
    for number, network in enumerate(destination.tcp.allow):
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            place = (*path, "tcp", "allow", number)
            findings.error("door_network", place, found=network, allowed="10.1.2.3, 10.1.0.0/16")
    doors = [number for number, one in enumerate(destination.addresses) if _is_door(one)]
    for number in doors:
        place = (*path, "addresses", number)
        address = destination.addresses[number]
        parts = _parts(address)
        if address.startswith("listens:") and not destination.tcp.client_cert:
            findings.error("door_cert", (*path, "tcp", "client_cert"), found=address)
        if len(destination.addresses) > 1 or len(destination.stations) > 1:
            findings.error("door_alone", place, found=address)
        elif parts is not None and not is_loopback(parts[1]) and not destination.tcp.allow:
            findings.error("door_open", place, found=address, allowed="tcp: {allow: […]}")


def check_doors(site: Site, findings: Findings) -> None:
    """Note addresses at which two stations would listen."""
    seen: set[str] = set()
    for number, destination in enumerate(site.destinations):
        for nth, address in enumerate(destination.addresses):
            if not _is_door(address):
                continue
            if address in seen:
                place = ("destinations", number, "addresses", nth)
                findings.error("door_twice", place, found=address)
            seen.add(address)


def _is_door(address: str) -> bool:
    return address.startswith(("listen:", "listens:"))


def check_files(where: Mqtt | Tcp, path: Path, findings: Findings) -> None:
    """Note certificates that are not there, or a half of a pair."""
    for key, file in (
        ("ca", where.ca),
        ("client_cert", where.client_cert),
        ("client_key", where.client_key),
    ):
        if file is not None and not readable(FilePath(file)):
            findings.warning("file_missing", (*path, key), found=file)
    if (where.client_cert is None) != (where.client_key is None):
        missing = "client_cert" if where.client_cert is None else "client_key"
        findings.error("missing", (*path, missing), allowed="client_cert, client_key")


def readable(path: FilePath) -> bool:
    """Say whether there is such a file and we may read it."""
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except (OSError, ValueError):
        return False


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parts(address: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts.scheme, parts.hostname or ""
