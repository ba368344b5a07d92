"""Checks what is said of one factor: fields, marks, times and the digits of numbers. Pure.

Source: HJ 212-2017 §6.3.3, annexes B, C.14 to C.18; HJ 212-2025 §6.7.5 table 12, §10, §8.1.1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from protocols.hj212.code_tables import find_on_site
from protocols.hj212.cp import Item
from protocols.hj212.editions import Edition
from protocols.hj212.factors import Factor
from protocols.hj212.times import parse_wire_time

_MARKS = ("Flag", "EFlag")
_PERIOD = ("Cou", "Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax")
_NOISE = ("Data", "DayData", "NightData")
_TYPES = {"SampleType": "N2", "ResultType": "N1"}
_MEDIA = {"31": "gas", "32": "water", "36": "noise", "23": "noise", "44": "electricity",
          "45": "process"}  # fmt: skip
_EXTRA_MARK = re.compile(r"[0-9A-Z]{1,4}")
_CONDITION = re.compile(r"[A-Z][a-z]?")
_PARAMETER = re.compile(r"i[0-9]{4}[0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class Fields:
    """What a command may say of a factor, and whether a Flag must be with it."""

    names: tuple[str, ...]
    flagged: bool = True


FIELDS = {
    "2011": Fields(("Rtd", "ZsRtd", "SampleTime")),
    "2051": Fields(_PERIOD),
    "2061": Fields(_PERIOD),
    "2031": Fields(_PERIOD),
    "2013": Fields(("SampleTime", "CompleteTime", "SampleType", "Avg")),
    "2052": Fields(_NOISE, flagged=False),
    "2062": Fields(("SampleRd", "StandardValue", "ResultType"), flagged=False),
    "2071": Fields(("Ala",), flagged=False),
    "2111": Fields(("Avg",), flagged=False),
}


def factor_faults(cn: str, st: str, item: Item, *, held: Edition) -> Iterator[str]:
    """Name everything that is wrong in one item of a command."""
    code = item[0][0].partition("-")[0]
    known = held.factor(code)
    if known is None:
        yield f"{code}: no factor of {held.name}"
        return
    medium = _MEDIA.get(st)
    if medium is not None and known.medium != medium:
        yield f"{code}: a factor of {known.medium} under ST {st}"
    fields: set[str] = set()
    for key, value in item:
        prefix, _, field = key.partition("-")
        if prefix != code:
            yield f"{key}: stands in the item of {code}"
        elif field in fields:
            yield f"{key}: twice"
        fields.add(field)
        yield from _field_faults(cn, known, field=field, value=value, held=held)
    # the examples of noise and of production conditions have no Flag
    bare = known.medium in ("noise", "process")
    if FIELDS[cn].flagged and not bare and "Flag" not in fields:
        yield f"{code}: no Flag"


def _field_faults(
    cn: str, known: Factor, *, field: str, value: str, held: Edition
) -> Iterator[str]:
    key = f"{known.code}-{field}"
    names = FIELDS[cn].names + (_NOISE if known.medium == "noise" else ())
    if field in _MARKS:
        letters = frozenset(held.letters.values())
        right = value in letters if field == "Flag" else _EXTRA_MARK.fullmatch(value) is not None
        if not right:
            yield f"{key}: {value!r} is no mark of {held.name}"
    elif cn == "2013" and _PARAMETER.fullmatch(field):
        if find_on_site(field, held.on_site) is None:
            yield f"{key}: no code of {held.name}"
    elif field not in names and field not in held.extra_fields:
        yield f"{key}: not a field of {cn}"
    elif field.endswith("Time"):
        if not is_moment(value):
            yield f"{key}: {value!r} is no time of 14 digits"
    elif field.startswith("Zs") and known.medium != "gas":
        yield f"{key}: {known.medium} is not converted"
    elif known.medium == "process" and _CONDITION.fullmatch(value):
        return  # a production condition is told by its mark
    else:
        type_ = _TYPES.get(field) or (held.amount_type if field == "Cou" else known.type)
        if not fits(value, type_):
            yield f"{key}: {value!r} does not fit {type_}"


def fits(text: str, type_: str) -> bool:
    """Say whether a printed number has no more digits than `N5.1` and the like allow."""
    integers, _, fractions = type_.removeprefix("N").partition(".")
    fraction = rf"(?:\.[0-9]{{1,{fractions}}})?" if fractions else ""
    return re.fullmatch(rf"-?[0-9]{{1,{integers}}}{fraction}", text) is not None


def is_moment(text: str, digits: int = 14) -> bool:
    """Say whether a text is a time of that many digits."""
    try:
        parse_wire_time(text)
    except ValueError:
        return False
    return len(text) == digits
