"""One factor's values as pairs of a data area, and back.

Source: HJ 212-2017 §6.3.3 table 4 with its note, HJ 212-2025 §6.3.4 table 5, §8.1.1
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from protocols.hj212.code_tables import find_on_site
from protocols.hj212.cp import Item, Pair
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError, NumberOverflow
from protocols.hj212.message_types import UNCOMPUTABLE, FactorValues, Value
from protocols.hj212.numbers import largest_number, print_number, print_whole_number
from protocols.hj212.times import parse_wire_time, wire_time

_ORDER = (
    *("SampleTime", "Cou", "Rtd", "Min", "Avg", "Max"),
    *("ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "", "Flag", "EFlag"),
)
_UNLISTED = _ORDER.index("")
_ON_SITE = re.compile("[iI][0-9]{4}[0-9A-Za-z]")
_TYPES = {"SampleType": "N2", "ResultType": "N1"}
_MARKS = frozenset({"Flag", "EFlag"})
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def print_factor(said: FactorValues, edition: Edition) -> Item:
    """Write one factor; None is left out.

    Raises LocalFrameError on a number of a factor that the edition does not know.
    """
    fields = sorted(said.values, key=lambda f: _ORDER.index(f) if f in _ORDER else _UNLISTED)
    return tuple(
        (f"{said.code}-{field}", _print_value(said.code, field, value, edition=edition))
        for field in fields
        if (value := said.values[field]) is not None
    )


def read_factors(items: Iterable[Item]) -> tuple[tuple[FactorValues, ...], tuple[Item, ...]]:
    """Read what is said of factors; give also the items, or parts of them, that say none.

    A factor that two items speak of comes twice; within one item the last of two equal keys stays.
    """
    factors: list[FactorValues] = []
    rest: list[Item] = []
    for item in items:
        by_code: dict[str, dict[str, Value]] = {}
        unread: list[Pair] = []
        for key, text in item:
            code, dash, field = key.rpartition("-")
            if dash and code:
                by_code.setdefault(code, {})[field] = _read_value(field, text)
            else:
                unread.append((key, text))
        factors += [FactorValues(code, values) for code, values in by_code.items()]
        if unread:
            rest.append(tuple(unread))
    return tuple(factors), tuple(rest)


def _print_value(code: str, field: str, value: float | str, *, edition: Edition) -> str:
    if isinstance(value, str):
        return value
    if field.endswith("Time"):
        return wire_time(value)
    known = edition.factor(code)
    if known is None:
        raise LocalFrameError(f"{code} is not a factor of {edition.name}")
    type_ = _TYPES.get(field) or (edition.amount_type if field == "Cou" else known.type)
    if _ON_SITE.fullmatch(field):
        return _print_parameter(field, value, edition)
    largest = field.startswith("Zs") and edition.largest_zs
    if largest and abs(value) == UNCOMPUTABLE:
        return largest_number(type_, negative=value < 0)
    try:
        return print_number(value, type_)
    except NumberOverflow:
        if largest:
            return largest_number(type_, negative=value < 0)
        # The width of a type is a default that follows the real range; a cut number would lie.
        return print_whole_number(value, type_)


def _print_parameter(code: str, value: float, edition: Edition) -> str:
    """Write a parameter of an analysis (2013) with its own type, or the digits it has."""
    known = find_on_site(code, edition.on_site)
    if known is not None and known.type.startswith("N"):
        return print_whole_number(value, known.type)
    return f"{Decimal(repr(value)):f}"


def _read_value(field: str, text: str) -> Value:
    if not text:
        return None
    if field.endswith("Time"):
        try:
            return parse_wire_time(text)
        except ValueError:
            return text
    if field in _MARKS or not _NUMBER.fullmatch(text):
        return text
    return float(text)
