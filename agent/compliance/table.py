"""The limits of the standards as data: `config/limits.csv`, in wire units."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass

from agent.settings.config import config_directory
from agent.settings.units import unit_of
from protocols.hj212.factors import factor

NEWEST = "hj212-2017"


@dataclass(frozen=True, slots=True)
class StandardLimit:
    """One row of the table, in the factor's wire unit.

    `averaging`: what it is stated for, as value, hour, day, test (by laboratories only). `oxygen`
    is the reference in percent, `condition` a neighbour's bound such as `w01010<=12` (CMP-04),
    `mark` how sure the row is (S, P, K, I).
    """

    standard: str
    table: str
    klass: str
    industry: str
    point: str
    factor: str
    averaging: str
    low: float | None
    high: float | None
    oxygen: float | None
    condition: str
    mark: str


@functools.cache
def standard_limits() -> tuple[StandardLimit, ...]:
    """Give every row with a factor code; what only laboratories measure has none."""
    path = config_directory() / "limits.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_row(line) for line in csv.DictReader(file) if line["factor"])


def _row(line: dict[str, str]) -> StandardLimit:
    return StandardLimit(
        line["standard"],
        line["table"],
        line["class"],
        line["industry"],
        line["point"],
        line["factor"],
        line["averaging"],
        low=_wire(line["low"], line["unit"], line["factor"]),
        high=_wire(line["high"], line["unit"], line["factor"]),
        oxygen=float(line["oxygen"]) if line["oxygen"] else None,
        condition=line["condition"],
        mark=line["mark"],
    )


def _wire(text: str, unit: str, code: str) -> float | None:
    """Give a limit in the factor's wire unit: 1 mg/L of lead is 1000 ug/L."""
    if not text:
        return None
    value = float(text)
    known = factor(code, NEWEST)
    one, wire = unit_of(unit), unit_of(known.unit) if known else None
    if one is None or wire is None or one.kind != wire.kind or one.name == wire.name:
        return value
    return float(f"{value * float(one.factor / wire.factor):.12g}")
