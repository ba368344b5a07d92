"""`paikou probe SITE --scan BUS`: who speaks on a line, and at which baud rate and parity.

Not beside a daemon: a scan would stop its polling. On a serial line of unknown settings each pair
of baud rate and parity is tried; what comes garbled then is the wrong pair, and counts for nobody.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import click

from agent.errors import Lang
from agent.lock import held
from agent.settings import Site
from agent.settings.storage import state_directory
from agent.tools.words import pick
from drivers.bus import Bus
from drivers.line import NoLine
from drivers.probe import scan
from drivers.settings import BusSettings, SerialBus

ALL = "all"
_WORDS: Mapping[str, tuple[str, str]] = {
    "unit": ("地址 {address}：{said}", "unit {address}: {said}"),
    "line": ("波特率 {baud}，校验 {parity}：", "baud {baud}, parity {parity}:"),
    "units": ("{bus}：{of} 个地址中有 {count} 个应答", "{bus}: {count} of {of} addresses spoke"),
}


def scan_command(
    site: Site,
    bus_id: str,
    units: str,
    lines: tuple[str | None, str | None],
    *,
    as_json: bool,
    lang: Lang,
) -> None:
    """Look for units on one line, with the baud rates and parities to try; exit 1 for nobody."""
    try:
        bus = site.bus(bus_id)
    except KeyError:
        names = ", ".join(one.id for one in site.buses)
        raise click.BadParameter(f"没有这条总线 / no bus {bus_id!r}; there are: {names}") from None
    tried = _tried(bus, *lines)
    span = _span(units)
    if held(state_directory(site)):
        raise click.ClickException(
            "守护进程在用这条线路，请先停掉它 / the daemon owns this line; stop it to scan"
        )
    found: set[int] = set()
    for line in tried:
        if isinstance(line, SerialBus) and len(tried) > 1 and not as_json:
            click.echo(_say("line", lang, baud=line.baud, parity=line.parity))
        found |= asyncio.run(_scan(line, span, alone=len(tried) == 1, as_json=as_json, lang=lang))
    if not as_json:
        click.echo(_say("units", lang, bus=bus_id, of=len(span), count=len(found)))
    sys.exit(0 if found else 1)


def _tried(bus: BusSettings, bauds: str | None, parities: str | None) -> list[BusSettings]:
    """Give the line as the site file has it, or with each of the settings to try."""
    if bauds is None and parities is None:
        return [bus]
    if not isinstance(bus, SerialBus):
        raise click.UsageError(
            "--baud、--parity 只用于串口 / --baud and --parity are for a serial line"
        )
    chosen = (
        _chosen("--baud", bauds, bus.baud, get_args(SerialBus.model_fields["baud"].annotation)),
        _chosen(
            "--parity", parities, bus.parity, get_args(SerialBus.model_fields["parity"].annotation)
        ),
    )
    return [
        bus.model_copy(update={"baud": baud, "parity": parity})
        for baud, parity in itertools.product(*chosen)
    ]


def _chosen(option: str, text: str | None, own: Any, allowed: Sequence[Any]) -> list[Any]:
    """Read a list of settings; those of the site file where none is given."""
    if text is None:
        return [own]
    if text == ALL:
        return [*allowed]
    known = {str(one): one for one in allowed}
    words = [word.strip() for word in text.split(",")]
    if not all(word in known for word in words):
        raise click.BadParameter(
            f"{text!r}：应为 / allowed {', '.join(known)}, all", param_hint=option
        )
    return [known[word] for word in dict.fromkeys(words)]


def _span(units: str) -> range:
    first, _, last = units.partition("-")
    try:
        span = range(int(first), int(last or first) + 1)
    except ValueError:
        raise click.BadParameter(
            f"--units {units!r}：应为 / allowed 3, 1-32", param_hint="--units"
        ) from None
    if not span or span[0] < 1 or span[-1] > 247:
        raise click.BadParameter(
            f"--units {units!r}：应在 1 至 247 / within 1-247 expected", param_hint="--units"
        )
    return span


async def _scan(
    line: BusSettings, units: range, *, alone: bool, as_json: bool, lang: Lang
) -> set[int]:
    """Ask every address, tell who spoke, and give those that are there."""
    found = set()
    async with Bus(line) as bus:
        try:
            async for unit in scan(bus, units):
                said: dict[str, Any] = {"address": unit.address, "said": unit.said}
                if not alone and isinstance(line, SerialBus):
                    said |= {"baud": line.baud, "parity": line.parity}
                if alone or not unit.garbled:
                    found.add(unit.address)
                text = json.dumps(said, ensure_ascii=False)
                click.echo(text if as_json else _say("unit", lang, **said))
        except NoLine as error:
            raise click.ClickException(str(error)) from None
    return found


def _say(word: str, lang: Lang, **values: Any) -> str:
    return pick(_WORDS[word], lang).format(**values)
