"""Checks a 4–20 mA input: a calibrator feeds a current, the module's number is compared with it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from agent.errors import Lang
from agent.quality.loop import Loop, engineering, error_permille
from agent.settings import Site
from agent.settings.outlet import Analogue
from agent.tools.words import pick
from drivers.device import Reading

_FEED = ("输入 {fed:g} mA，稳定后按回车", "feed {fed:g} mA, wait until it is steady, press Enter")
_READ = (
    "{fed:g} mA：读数 {read:.3f} {unit}，误差 {error:+.1f} ‰{value}",
    "{fed:g} mA: read {read:.3f} {unit}, error {error:+.1f} ‰{value}",
)
_VALUE = ("，相当于 {value:g} {of}", ", which is {value:g} {of}")
_NONE = ("{fed:g} mA：没有读数，{why}", "{fed:g} mA: nothing was read: {why}")


@dataclass(frozen=True, slots=True)
class Checked:
    """One current fed and read, in the unit of the point; `error` in ‰ of the signal's width.

    `value` is what the current stands for by the site file, in `of`; None where it says nothing.
    """

    fed: float
    read: float | None
    unit: str
    error: float | None
    value: float | None
    of: str
    why: str


def check_loop(
    site: Site,
    device: str,
    point: str,
    currents: Sequence[float],
    *,
    read: Callable[[], Mapping[str, Any]],
    lang: Lang,
) -> Iterator[Checked]:
    """Ask for each current to be fed, and give what was read. `read` probes the device once."""
    analogue = _analogue(site, device, point)
    for fed in currents:
        click.prompt(pick(_FEED, lang).format(fed=fed), default="", show_default=False, err=True)
        yield compared(read(), point, fed, analogue)


def compared(
    facts: Mapping[str, Any], point: str, fed: float, analogue: Analogue | None
) -> Checked:
    """Compare the reading of a point in a probe's facts with the current fed."""
    found = next((one for one in facts.get("readings", ()) if one["point"] == point), None)
    if found is None or found["value"] is None:
        why = (found or {}).get("reason") or facts.get("error") or f"no point {point}"
        return Checked(fed, None, "", None, None, "", str(why))
    raw = analogue.raw if analogue else (4.0, 20.0)
    current = float(found["value"])
    value = None
    if analogue is not None and analogue.active is None:
        value = _meant(current, analogue)
    of = analogue.unit if analogue else ""
    return Checked(fed, current, found["unit"], error_permille(current, fed, raw), value, of, "")


def shown(one: Checked, *, as_json: bool, lang: Lang) -> str:
    """Print one comparison."""
    if as_json:
        return json.dumps(dataclasses.asdict(one), ensure_ascii=False)
    if one.read is None:
        return pick(_NONE, lang).format(fed=one.fed, why=one.why)
    value = "" if one.value is None else pick(_VALUE, lang).format(value=one.value, of=one.of)
    said = dataclasses.asdict(one)
    return pick(_READ, lang).format(**{**said, "value": value})


def _meant(current: float, analogue: Analogue) -> float | None:
    loop = Loop(
        raw=analogue.raw,
        span=analogue.span,
        unit=analogue.unit,
        root=analogue.root,
        fault=analogue.fault,
        zero_from=analogue.zero_from,
    )
    return engineering(Reading("", current, "mA", 0.0), loop, loop.span).value


def _analogue(site: Site, device: str, point: str) -> Analogue | None:
    return next(
        (
            source.rule.analogue
            for source in site.sources_of(device)
            if source.point == point and source.rule.analogue is not None
        ),
        None,
    )
