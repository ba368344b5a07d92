"""Numbers on the wire: type `N5.1` is up to five integer digits and one fraction digit.

Rounded once, here, half to even in decimal (GB/T 8170), from the shortest decimal that names the
float. Fraction digits are always written; integer digits are never padded and never cut.

Source: HJ 212-2017 §6.3.3, HJ 212-2025 §6.3.4
"""

from __future__ import annotations

import functools
import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from protocols.hj212.errors import LocalFrameError, NumberOverflow

_TYPE = re.compile(r"N([0-9]{1,2})(?:\.([0-9]))?")
_EVEN = Context(prec=400, rounding=ROUND_HALF_EVEN)  # wide enough for any float


def print_number(value: float, type_: str) -> str:
    """Write a value with the digits of its type.

    Raises NumberOverflow where the rounded value has more integer digits than the type, which of
    the caller's ways out is right depends on the field. Raises LocalFrameError on NaN, infinity
    and what is not a type.
    """
    integers, fractions = _digits(type_)
    rounded = _round(value, fractions)
    if abs(rounded) >= 10**integers:
        raise NumberOverflow(f"{value!r} does not fit {type_}")
    return f"{rounded:f}"


def print_whole_number(value: float, type_: str) -> str:
    """Write a value with the fraction digits of its type and all its integer digits."""
    return f"{_round(value, _digits(type_)[1]):f}"


def largest_number(type_: str, *, negative: bool = False) -> str:
    """The number of a type that is furthest from zero: 9999.99 for N4.2."""
    integers, fractions = _digits(type_)
    digits = "9" * integers + ("." + "9" * fractions if fractions else "")
    return f"-{digits}" if negative else digits


def _round(value: float, fractions: int) -> Decimal:
    if not math.isfinite(value):
        raise LocalFrameError(f"{value!r} is not a number")
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-fractions), context=_EVEN)
    return abs(rounded) if rounded.is_zero() else rounded  # no -0.0 on the wire


@functools.cache
def _digits(type_: str) -> tuple[int, int]:
    found = _TYPE.fullmatch(type_)
    if found is None:
        raise LocalFrameError(f"{type_!r} is not a number type")
    return int(found[1]), int(found[2] or 0)
