"""The limits of the standards as data: `config/limits.csv`, in wire units."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from typing import cast

from agent.compliance.bounds import Averaging, Bound, Condition, Rank
from agent.settings.config import config_directory
from agent.settings.units import unit_of
from protocols.hj212.factors import factor

NEWEST = "hj212-2017"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: its bound, where it is watched, and how sure it is (S, P, K, I)."""

    industry: str
    point: str
    bound: Bound
    mark: str


def standards() -> tuple[str, ...]:
    """Give the standards of the table."""
    return tuple(dict.fromkeys(row.bound.standard for row in rows()))


def classes(standard: str) -> tuple[str, ...]:
    """Give the classes of a standard, as its table calls them."""
    return tuple(dict.fromkeys(row.bound.klass for row in rows() if row.bound.standard == standard))


def bounds_of(standard: str, klass: str, *, point: str | None = None) -> tuple[Bound, ...]:
    """Give the bounds of one class; those of one kind of outlet where `point` is named.

    Raises KeyError for a standard or class that is not in the table.
    """
    found = tuple(
        row.bound
        for row in rows()
        if (row.bound.standard, row.bound.klass) == (standard, klass) and point in (None, row.point)
    )
    if not found:
        raise KeyError(f"{standard} {klass}")
    return found


@functools.cache
def rows() -> tuple[Row, ...]:
    """Give every row with a factor code; what only laboratories measure has none."""
    path = config_directory() / "limits.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_row(line) for line in csv.DictReader(file) if line["factor"])


def _row(line: dict[str, str]) -> Row:
    bound = Bound(
        factor=line["factor"],
        averaging=cast(Averaging, line["averaging"]),
        high=_wire(line["high"], line["unit"], line["factor"]),
        low=_wire(line["low"], line["unit"], line["factor"]),
        rank=Rank.NATIONAL,
        standard=line["standard"],
        table=line["table"],
        klass=line["class"],
        oxygen=float(line["oxygen"]) if line["oxygen"] else None,
        condition=_condition(line["condition"]),
    )
    return Row(line["industry"], line["point"], bound, line["mark"])


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


def _condition(text: str) -> Condition | None:
    code, _, most = text.partition("<=")
    return Condition(code, float(most)) if most else None
