"""Values of an instrument's unit in the unit of the wire."""

from __future__ import annotations

import functools

from agent.settings.units import convertible, needs_conversion, unit_of

__all__ = ["NeedsConversion", "NoWay", "UnitError", "UnknownUnit", "convert", "convertible", "line"]


class UnitError(Exception):
    """A value cannot be given in the wire unit. Carries both units."""

    def __init__(self, message: str, *, unit: str, wire_unit: str) -> None:
        super().__init__(f"{unit or 'no unit'} -> {wire_unit or 'no unit'}: {message}")
        self.unit = unit
        self.wire_unit = wire_unit


class UnknownUnit(UnitError):
    """One of the two units means nothing to us."""


class NoWay(UnitError):
    """The two units are of different kinds."""


class NeedsConversion(NoWay):
    """A volume share becomes a mass only with the molar mass: a conversion, not arithmetic."""


def convert(value: float, unit: str, wire_unit: str) -> float:
    """Give a value of `unit` in `wire_unit`, not rounded; the same unit gives the same value.

    Raises UnknownUnit, NoWay or NeedsConversion.
    """
    factor, offset = line(unit, wire_unit)
    return value * factor + offset


@functools.lru_cache(maxsize=256)
def line(unit: str, wire_unit: str) -> tuple[float, float]:
    """Give slope and shift from one unit to the other, each rounded once. Raises as `convert`."""
    one, other = unit_of(unit), unit_of(wire_unit)
    if one is None or other is None:
        unknown = unit if one is None else wire_unit
        raise UnknownUnit(f"unknown unit {unknown!r}", unit=unit, wire_unit=wire_unit)
    if needs_conversion(unit, wire_unit):
        raise NeedsConversion("needs the molar mass", unit=unit, wire_unit=wire_unit)
    if one.kind != other.kind:
        raise NoWay(f"{one.kind} is no {other.kind}", unit=unit, wire_unit=wire_unit)
    return float(one.factor / other.factor), float((one.offset - other.offset) / other.factor)
