"""Raw frames for `paikou probe`: shown as they are, from now or from a recording, or as a file.

The file is a transcript: the test of a new profile (docs/new-instrument.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from agent.settings import Site
from agent.settings.storage import lines_directory
from agent.tools.words import local_time
from drivers.profile import Profile, load_profile
from drivers.recorder import recorded_lines
from drivers.settings import TcpBus
from drivers.transcripts import Frame, Framing, frames_of, transcript

Facts = Mapping[str, Any]


def raw(facts: Facts) -> Iterator[str]:
    """Give the frames of a probe, in hex and, where they are text, as text."""
    for direction, data in facts.get("frames", ()):
        yield shown(direction, bytes.fromhex(data))


def recorded_raw(site: Site, bus: str) -> Iterator[str]:
    """Give what is recorded of a line, with its moments."""
    for line in recorded_lines(bus, lines_directory(site)):
        moment, _, _ = line.partition(" ")
        for direction, data in frames_of([line]):
            yield f"{moment} {shown(direction, data)}"


def shown(direction: str, data: bytes) -> str:
    """Give one frame as a line."""
    text = data.decode("latin-1")
    plain = all(" " <= one <= "~" or one in "\r\n" for one in text)
    more = f"  {text!r}" if plain and text.strip() else ""
    return f"{direction} {data.hex(' ').upper()}{more}"


def probed_transcript(site: Site, facts: Facts) -> str:
    """Make a transcript of one probe, with what was made of the answers."""
    frames = [(direction, bytes.fromhex(data)) for direction, data in facts["frames"]]
    read = {one["point"]: _read(one) for one in facts["readings"] if one["value"] is not None}
    return _transcript(site, facts["device"], frames, read={**read, "state": facts["cause"]})


def recorded_transcript(site: Site, device: str) -> str:
    """Make a transcript of what is recorded of a device's line."""
    bus = site.device(device).bus
    frames = frames_of(recorded_lines(bus, lines_directory(site)))
    return _transcript(site, device, frames, read={})


def recorded_command(site: Site, device: str | None, file: Path | None) -> None:
    """Show, or write as a transcript, what is recorded of a device's line."""
    if device is None:
        raise click.UsageError(
            "--recorded 要写明仪器 / --recorded wants the DEVICE whose line it is"
        )
    bus = site.device(device).bus
    lines = list(recorded_raw(site, bus))
    if not lines:
        raise click.ClickException(
            f"没有录波 / nothing is recorded of {bus}: give the bus record: {{mb: 1}}"
        )
    if file is None:
        click.echo("\n".join(lines))
    else:
        write_new(file, recorded_transcript(site, device))


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, and say so; a ClickException where that cannot be."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    click.echo(f"{path}", err=True)


def _read(reading: Facts) -> str:
    """Give a value the way a transcript expects it, with the time of a batch result."""
    value = f"{reading['value']:g} {reading['unit']}".rstrip()
    at = local_time(reading["measured_at"], "%Y-%m-%dT%H:%M:%S")
    return f"{value} at {at}" if at else value


def _transcript(
    site: Site, device: str, frames: Iterable[Frame], *, read: Mapping[str, str]
) -> str:
    settings = site.device(device)
    profile = load_profile(settings.profile, site.profile_directories)
    return transcript(
        frames,
        profile=profile.profile,
        address=settings.address,
        framing=_framing(site, settings.bus, profile),
        read=read,
    )


def _framing(site: Site, bus_id: str, profile: Profile) -> Framing:
    if not profile.modbus:
        return "other"
    bus = site.bus(bus_id)
    return "tcp" if isinstance(bus, TcpBus) else bus.framing
