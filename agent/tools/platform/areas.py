"""Checks the data area of a frame: which fields its command has, and what may stand in them. Pure.

Source: HJ 212-2017 §6.6 and annex C, C.14 to C.18, C.24, C.36; numbers §6.3.3
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from protocols.hj212.cp import Item
from protocols.hj212.editions import Edition
from protocols.hj212.factors import Factor
from protocols.hj212.segment import Segment
from protocols.hj212.times import parse_wire_time

_MARKS = ("Flag", "EFlag")
_PERIOD = ("Cou", "Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax")
_FIELDS = {
    "2011": ("Rtd", "ZsRtd", "SampleTime"),
    "2051": _PERIOD,
    "2061": _PERIOD,
    "2031": _PERIOD,
}
_STARTS = {"2051": "00", "2061": "0000", "2031": "000000"}
_MEDIA = {"31": "gas", "32": "water", "36": "noise"}
_EMPTY = frozenset({"9013", "9014"})
_EXTRA_MARK = re.compile(r"[0-9A-Z]{1,4}")


def area_faults(segment: Segment, items: tuple[Item, ...], held: Edition) -> Iterator[str]:
    """Name everything that is wrong in the data area of this command."""
    if segment.cn in _EMPTY:
        if items:
            yield f"CP: {segment.cn} has none"
        return
    if segment.cn in _FIELDS:
        yield from _values_faults(segment, items, held)
    elif segment.cn in _SINGLE:
        yield from _single_faults(segment.cn, items)


def _values_faults(segment: Segment, items: tuple[Item, ...], held: Edition) -> Iterator[str]:
    """Check `DataTime=…;code-Field=…,code-Field=…;…`."""
    if not items or len(items[0]) != 1 or items[0][0][0] != "DataTime":
        yield "CP: DataTime does not come first, alone"
        return
    yield from _data_time_faults(segment.cn, items[0][0][1])
    if len(items) == 1:
        yield "CP: no factor"
    seen: set[str] = set()
    for item in items[1:]:
        code = item[0][0].partition("-")[0]
        if code in seen:
            yield f"{code}: twice"
        seen.add(code)
        yield from _item_faults(segment, item, held=held)


def _data_time_faults(cn: str, text: str) -> Iterator[str]:
    if len(text) != 14 or not _is_time(text):
        yield f"DataTime: {text!r} is no time of 14 digits"
        return
    zeros = _STARTS.get(cn, "")
    if not text.endswith(zeros):
        yield f"DataTime: {text} is no start of a period of {cn}"


def _item_faults(segment: Segment, item: Item, *, held: Edition) -> Iterator[str]:
    code = item[0][0].partition("-")[0]
    known = held.factor(code)
    if known is None:
        yield f"{code}: no factor of {held.name}"
        return
    medium = _MEDIA.get(segment.st)
    if medium is not None and known.medium != medium:
        yield f"{code}: a factor of {known.medium} under ST {segment.st}"
    fields: set[str] = set()
    for key, value in item:
        prefix, _, field = key.partition("-")
        if prefix != code:
            yield f"{key}: stands in the item of {code}"
        elif field in fields:
            yield f"{key}: twice"
        fields.add(field)
        yield from _field_faults(segment.cn, known, field=field, value=value, held=held)
    if "Flag" not in fields:
        yield f"{code}: no Flag"


def _field_faults(
    cn: str, known: Factor, *, field: str, value: str, held: Edition
) -> Iterator[str]:
    key = f"{known.code}-{field}"
    if field in _MARKS:
        letters = frozenset(held.letters.values())
        right = value in letters if field == "Flag" else _EXTRA_MARK.fullmatch(value) is not None
        if not right:
            yield f"{key}: {value!r} is no mark of {held.name}"
    elif field not in _FIELDS[cn] and field not in held.extra_fields:
        yield f"{key}: not a field of {cn}"
    elif field == "SampleTime":
        if len(value) != 14 or not _is_time(value):
            yield f"{key}: {value!r} is no time of 14 digits"
    elif field.startswith("Zs") and known.medium != "gas":
        yield f"{key}: {known.medium} is not converted"
    else:
        type_ = held.amount_type if field == "Cou" else known.type
        if not fits(value, type_):
            yield f"{key}: {value!r} does not fit {type_}"


def _single_faults(cn: str, items: tuple[Item, ...]) -> Iterator[str]:
    """Check a command whose fields are known by name."""
    wanted = _SINGLE[cn]
    pairs = [pair for item in items for pair in item]
    for name in wanted:
        if sum(1 for key, _ in pairs if key == name) != 1:
            yield f"{name}: expected once"
    for key, value in pairs:
        if key not in wanted:
            yield f"{key}: not a field of {cn}"
        elif not wanted[key](value):
            yield f"{key}: {value!r} is not right"


def fits(text: str, type_: str) -> bool:
    """Say whether a printed number has no more digits than `N5.1` and the like allow."""
    integers, _, fractions = type_.removeprefix("N").partition(".")
    fraction = rf"(?:\.[0-9]{{1,{fractions}}})?" if fractions else ""
    return re.fullmatch(rf"-?[0-9]{{1,{integers}}}{fraction}", text) is not None


def _is_time(text: str) -> bool:
    try:
        parse_wire_time(text)
    except ValueError:
        return False
    return True


def _is_second(text: str) -> bool:
    return len(text) == 14 and _is_time(text)


def _is_bottle(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,2}", text) is not None and int(text) > 0


def _is_code(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,3}", text) is not None


_SINGLE: dict[str, dict[str, Callable[[str], bool]]] = {
    "2081": {"DataTime": _is_second, "RestartTime": _is_second},
    "3015": {"DataTime": _is_second, "VaseNo": _is_bottle},
    "9011": {"QnRtn": _is_code},
    "9012": {"ExeRtn": _is_code},
}
