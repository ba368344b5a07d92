"""Checks the data area of a frame: which fields its command has, and what may stand in them. Pure.

What speaks of factors is checked here factor by factor; what has words of its own is read, written
again as strictly as the library writes, and compared.

Source: HJ/T 212-2005 annex C; HJ 212-2017 §6.6 and annex C; HJ 212-2025 §6.7.5 table 12, §10;
numbers: HJ 212-2017 §6.3.3
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agent.tools.platform.factor_items import FIELDS, factor_faults, is_moment
from protocols.hj212.answers import ANSWERS
from protocols.hj212.code_tables import EXE_RTN, QN_RTN
from protocols.hj212.commands import command
from protocols.hj212.cp import Item, find, print_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.message import Other, print_message, read_message
from protocols.hj212.reports import AlarmEvent
from protocols.hj212.segment import Segment

_STARTS = {"2051": "00", "2061": "0000", "2031": "000000", "2041": "000000", "2111": "00"}


def area_faults(segment: Segment, items: tuple[Item, ...], held: Edition) -> Iterator[str]:
    """Name everything that is wrong in the data area of this command."""
    cn = held.extra_commands.get(segment.cn, segment.cn)
    if cn in ANSWERS:
        yield from _answer_faults(cn, items, held)
        return
    if cn != held.retained_cn and cn and command(cn, "up", held.base) is None:
        yield f"CN: {segment.cn} does not go up in {held.name}"
        return
    if held.answers_in_cp and items and len(items[0]) == 1 and items[0][0][0] == "QN":
        if not is_moment(items[0][0][1], 17):
            yield f"QN: {items[0][0][1]!r} is no time"
        items = items[1:]  # the result of a request says which one in 2005
    if cn in FIELDS:
        yield from _values_faults(segment, items, held, cn=cn)
    elif cn in ("2081", held.retained_cn):
        yield from _single_faults("2081" if cn == "2081" else "3015", items)
    elif cn:
        yield from _worded_faults(segment, items, held)


def _answer_faults(cn: str, items: tuple[Item, ...], held: Edition) -> Iterator[str]:
    """Check a 9011 to 9014: in 2005 they say here what they answer."""
    wanted = {"9011": ("QnRtn",), "9012": ("ExeRtn",)}.get(cn, ())
    allowed: tuple[str, ...] = wanted
    if held.answers_in_cp:
        wanted = ("QN", *wanted, *(("CN",) if cn == "9014" else ()))
        allowed = (*wanted, "PNO", "PNUM")
    if items and not allowed:
        yield f"CP: {cn} has none"
        return
    yield from _named_faults(cn, items, wanted=wanted, allowed=allowed)
    results = {"QnRtn": QN_RTN, "ExeRtn": EXE_RTN}
    for name, table in results.items():
        text = find(items, name)
        if text is not None and text not in map(str, table[held.base]):
            yield f"{name}: {text!r} is not right"


def _named_faults(
    cn: str, items: tuple[Item, ...], *, wanted: tuple[str, ...], allowed: tuple[str, ...]
) -> Iterator[str]:
    keys = [key for item in items for key, _ in item]
    for name in wanted:
        if keys.count(name) != 1:
            yield f"{name}: expected once"
    for key in keys:
        if key not in allowed:
            yield f"{key}: not a field of {cn}"


def _values_faults(
    segment: Segment, items: tuple[Item, ...], held: Edition, *, cn: str
) -> Iterator[str]:
    """Check `DataTime=…;code-Field=…,code-Field=…;…`."""
    if not items or len(items[0]) != 1 or items[0][0][0] != "DataTime":
        yield "CP: DataTime does not come first, alone"
        return
    yield from _data_time_faults(cn, items[0][0][1])
    if len(items) == 1:
        yield "CP: no factor"
    seen: set[str] = set()
    for item in items[1:]:
        code = item[0][0].partition("-")[0]
        if code in seen:
            yield f"{code}: twice"
        seen.add(code)
        yield from factor_faults(cn, segment.st, item, held=held)


def _data_time_faults(cn: str, text: str) -> Iterator[str]:
    if not is_moment(text):
        yield f"DataTime: {text!r} is no time of 14 digits"
        return
    if not text.endswith(_STARTS.get(cn, "")):
        yield f"DataTime: {text} is no start of a period of {cn}"


def _worded_faults(segment: Segment, items: tuple[Item, ...], held: Edition) -> Iterator[str]:
    """Read the message, write it again to the letter, and compare."""
    area = print_cp(items) if items else ""
    told = Segment(cn=segment.cn, cp=area)
    message, warnings = read_message(told, held, direction="up")
    if isinstance(message, Other):
        yield f"CP: not what {segment.cn} says{': ' if message.why else ''}{message.why}"
        return
    yield from (f"CP: {warning}" for warning in warnings)
    if message.other and not isinstance(message, AlarmEvent):
        yield from (f"{key}: not a field of {segment.cn}" for item in message.other
                    for key, _ in item)  # fmt: skip
        return
    at = find(items, "DataTime")
    if at is not None:
        yield from _data_time_faults(segment.cn, at)
    try:
        written = print_message(message, held)
    except LocalFrameError as error:
        yield f"CP: {error}"
        return
    if not warnings and written != (area,):
        yield f"CP: to the letter it is {written[0]}"


def _single_faults(cn: str, items: tuple[Item, ...]) -> Iterator[str]:
    """Check a command whose fields are known by name."""
    wanted = _SINGLE[cn]
    names = tuple(wanted)
    yield from _named_faults(cn, items, wanted=names, allowed=names)
    for item in items:
        for key, value in item:
            if key in wanted and not wanted[key](value):
                yield f"{key}: {value!r} is not right"


def _is_bottle(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2 and int(text) > 0


_SINGLE: dict[str, dict[str, Callable[[str], bool]]] = {
    "2081": {"DataTime": is_moment, "RestartTime": is_moment},
    "3015": {"DataTime": is_moment, "VaseNo": _is_bottle},
}
