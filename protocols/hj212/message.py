"""Data areas as messages, and back.

Reading takes what it knows and keeps the rest as text; a command not known, or not to be read as
what its number says, comes as `Other`. A request carries the number of the upload it asks for and
has no `DataTime`, so it is `Other` too.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocols.hj212.cp import Item, find, parse_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.factor_fields import print_factor, read_factors
from protocols.hj212.message_types import (
    DataAnswer,
    Executed,
    FactorValues,
    Message,
    NoticeAnswer,
    Other,
    Periodic,
    RealTime,
    RequestAnswer,
    Retained,
    Started,
)
from protocols.hj212.packets import split
from protocols.hj212.segment import Segment
from protocols.hj212.times import parse_wire_time, wire_time

__all__ = [
    "DataAnswer",
    "Executed",
    "FactorValues",
    "Message",
    "NoticeAnswer",
    "Other",
    "Periodic",
    "RealTime",
    "RequestAnswer",
    "Retained",
    "Started",
    "parse_message",
    "print_message",
]


def print_message(message: Message, edition: Edition) -> tuple[str, ...]:
    """Write the data area of each packet that the message takes, most often one.

    Numbers are rounded here and nowhere else. Raises LocalFrameError on what the edition cannot
    say.
    """
    return split([item for item in _items(message, edition) if item], edition)


def parse_message(segment: Segment, edition: Edition) -> Message:
    """Read the data area of a segment. Never fails."""
    items = parse_cp(segment.cp)
    try:
        return _read(segment.cn, items, edition)
    except ValueError as error:
        return Other(segment.cn, items, str(error))


def _items(message: Message, edition: Edition) -> tuple[Item, ...]:
    match message:
        case RealTime() | Periodic():
            own = _time("DataTime", message.data_time)
            own += tuple(print_factor(said, edition) for said in message.factors)
        case Started():
            own = _time("DataTime", message.data_time)
            own += _time("RestartTime", message.restart_time)
        case Retained() if edition.retained_cn is None:
            raise LocalFrameError(f"{edition.name} has no message for a kept bottle")
        case Retained():
            own = (*_time("DataTime", message.data_time), (("VaseNo", str(message.bottle)),))
        case RequestAnswer():
            own = ((("QnRtn", str(message.result)),),)
        case Executed():
            own = ((("ExeRtn", str(message.result)),),)
        case NoticeAnswer() | DataAnswer() | Other():
            own = ()
    return own + message.other


def _read(cn: str, items: tuple[Item, ...], edition: Edition) -> Message:
    match cn:
        case "9011":
            return RequestAnswer(_number(items, "QnRtn"), _without(items, "QnRtn"))
        case "9012":
            return Executed(_number(items, "ExeRtn"), _without(items, "ExeRtn"))
        case "9013":
            return NoticeAnswer(items)
        case "9014":
            return DataAnswer(items)
    if find(items, "DataTime") is None:
        return Other(cn, items)
    time, rest = _moment(items, "DataTime"), _without(items, "DataTime")
    match cn:
        case "2011":
            return RealTime(time, *read_factors(rest))
        case "2051" | "2061" | "2031":
            return Periodic(cn, time, *read_factors(rest))
        case "2081":
            return Started(time, _moment(rest, "RestartTime"), _without(rest, "RestartTime"))
        case edition.retained_cn:
            return Retained(time, _number(rest, "VaseNo"), _without(rest, "VaseNo"))
    return Other(cn, items)


def _time(key: str, at: float) -> tuple[Item, ...]:
    return (((key, wire_time(at)),),)


def _text(items: Iterable[Item], key: str) -> str:
    text = find(items, key)
    if text is None:
        raise ValueError(f"no {key}")
    return text


def _moment(items: Iterable[Item], key: str) -> float:
    text = _text(items, key)
    try:
        return parse_wire_time(text)
    except ValueError:
        raise ValueError(f"{key}={text!r}: a time of 14 or 17 digits expected") from None


def _number(items: Iterable[Item], key: str) -> int:
    text = _text(items, key)
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise ValueError(f"{key}={text!r}: a number of up to 4 digits expected")
    return int(text)


def _without(items: Iterable[Item], key: str) -> tuple[Item, ...]:
    rest = (tuple(pair for pair in item if pair[0] != key) for item in items)
    return tuple(item for item in rest if item)
