"""A point's number among registers: where it stands, its unit, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drivers.plan import Want, want_of
from drivers.profile_model import Among, Point, StateWord, Table, UnitFrom
from protocols.registers import decode_number

Cut = Callable[[Want], tuple[int, ...]]
"""Gives the registers of one part of an answer."""


def placed(point: Point, cut: Cut) -> tuple[tuple[int, ...], str, str]:
    """Give the registers of the number itself, its unit, and what is wrong with either."""
    raw = cut(want_of(point))
    if point.among is not None:
        return _slot(point, point.among, raw)
    if point.unit_from is None:
        return raw, point.unit, ""
    unit, fault = _unit(point.unit_from, point.table, cut)
    return raw, unit, fault


def _slot(point: Point, among: Among, raw: tuple[int, ...]) -> tuple[tuple[int, ...], str, str]:
    for first in range(0, among.slots * among.step, among.step):
        code = raw[first + among.code_at]
        if code & among.mask != among.code:
            continue
        number = raw[first : first + point.number_width]
        unit = among.units.get(code & ~among.mask & 0xFFFF) if among.units else point.unit
        if unit is None:
            return number, "", f"unit code {hexed([code])} is not known"
        return number, unit, ""
    return raw, point.unit, f"no slot has code {among.code:04X}"


def _unit(source: UnitFrom, table: Table, cut: Cut) -> tuple[str, str]:
    raw = cut(Want(table, source.address, source.address + source.width))
    code = decode_number(raw, source.type)
    unit = source.other if code is None else source.values.get(round(code), source.other)
    return (unit, "") if unit is not None else ("", f"unit code {hexed(raw)} is not known")


def value_of(point: Point, raw: tuple[int, ...]) -> tuple[float | None, str]:
    """Give the value of a point, or None and why there is none."""
    number = number_of(raw, point)
    if number is None:
        return None, f"registers {hexed(raw)} hold no {point.type}"
    if number in point.unavailable:
        return None, f"{number:g} means not available"
    return number * point.scale + point.offset, ""


def number_of(raw: Sequence[int], item: Point | StateWord) -> float | None:
    """Give the number in registers, or the bit; None where the bits are no number."""
    return raw[0] if item.type == "bit" else decode_number(raw, item.type, item.order)


def hexed(registers: Sequence[int]) -> str:
    """Print registers the way people compare them with a manual."""
    return " ".join(f"{register:04X}" for register in registers)
