"""Site files and files of samples for the tests of the recalculation."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from agent.tools.recompute.command import recompute

SITE = """\
unit: {code: 91000000000000000X001P, name: 示例}
outlets:
  - id: DA001
    medium: gas
    gas: {reference_oxygen: 6}
    factors:
      a21026: {device: cems, conversions: [oxygen]}
      a21003: {device: cems}
      a19001: {device: cems}
      a00000: {device: flow, point: w00000}
  - id: DW001
    medium: water
    flow: w00000
    factors:
      w00000: {device: meter}
      w01001: {device: ph}
      w01018: {device: cod}
buses: [{id: net1, kind: tcp, host: 127.0.0.1, port: 1502}]
devices:
  - {id: cems, profile: gas/fpi-cems2000, bus: net1, address: 1, period_s: 5}
  - {id: flow, profile: flow/krohne-ifc050, bus: net1, address: 2, period_s: 5}
  - {id: meter, profile: flow/krohne-ifc050, bus: net1, address: 3, period_s: 5}
  - {id: ph, profile: water/ph, bus: net1, address: 4, period_s: 5}
  - {id: cod, profile: water/hach-codmax-ii, bus: net1, address: 5, period_s: 10}
"""
START = datetime.datetime(2026, 3, 5, 8, tzinfo=datetime.UTC)

Line = tuple[float, str, str, object, str]
"""Seconds after START, which is written as local time; outlet, factor, value, flag."""


def stretch(
    outlet: str,
    factor: str,
    *groups: tuple[float, object, str],
    every_s: float = 60.0,
    start_s: float = 0.0,
) -> list[Line]:
    """Give (minutes, value, flag) one after the other, one sample each `every_s`."""
    lines: list[Line] = []
    at = start_s
    for minutes, value, flag in groups:
        end = at + minutes * 60
        while at < end:
            lines.append((at, outlet, factor, value, flag))
            at += every_s
    return lines


def write(path: Path, lines: Iterable[Line], *, ordered: bool = True) -> Path:
    """Write a file of samples."""
    rows = sorted(lines, key=lambda one: one[0]) if ordered else list(lines)
    text = "".join(
        f"{(START + datetime.timedelta(seconds=at)).isoformat()[:-6]},{outlet},{factor},"
        f"{'' if value is None else value},{flag}\n"
        for at, outlet, factor, value, flag in rows
    )
    path.write_text("at,outlet,factor,value,flag\n" + text, encoding="utf-8")
    return path


def run(folder: Path, samples: Path, *options: str, site: str = SITE) -> Result:
    """Run the command on a file of samples."""
    file = folder / "site.yaml"
    file.write_text(site, encoding="utf-8")
    return CliRunner().invoke(recompute, [str(file), "--samples", str(samples), *options])


def periods(
    folder: Path,
    lines: Iterable[Line],
    *options: str,
    ordered: bool = True,
    site: str = SITE,
) -> list[dict[str, Any]]:
    """Give the objects that the command prints for these samples."""
    samples = write(folder / "samples.csv", lines, ordered=ordered)
    result = run(folder, samples, "--json", *options, site=site)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def the(rows: Iterable[dict[str, Any]], period: str, factor: str, start: str = "") -> Any:
    """Give the only row of a kind of a factor, or the one of that start."""
    (found,) = (
        one
        for one in rows
        if (one["period"], one["factor"]) == (period, factor) and one["start"].endswith(start)
    )
    return found
