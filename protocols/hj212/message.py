"""Data areas as messages, and back.

Reading takes what it knows and keeps the rest as text; a command not known, or not to be read as
what its number says, comes as `Other`. A request carries the number of the upload it asks for:
where the direction is not told, the words that are there decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from protocols.hj212.commands import Direction, commands
from protocols.hj212.cp import Item, find, parse_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.factor_fields import print_factor, read_factors
from protocols.hj212.message_types import (
    UNCOMPUTABLE,
    DataAnswer,
    Executed,
    FactorValues,
    NoticeAnswer,
    Other,
    Periodic,
    RealTime,
    RequestAnswer,
    Retained,
    Started,
)
from protocols.hj212.orders import AlarmLimits, Order, Plain
from protocols.hj212.packets import split
from protocols.hj212.reports import AlarmEvent, Measured, Report
from protocols.hj212.segment import Segment
from protocols.hj212.times import parse_wire_time, wire_time
from protocols.hj212.words import Missing, pairs_of, print_words, read_words, without, words_of

__all__ = [
    "UNCOMPUTABLE",
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
    "read_message",
]

Message = (
    RealTime
    | Periodic
    | Started
    | Retained
    | RequestAnswer
    | Executed
    | NoticeAnswer
    | DataAnswer
    | Order
    | Report
    | Other
)
_WITH_FACTORS = (AlarmLimits, AlarmEvent, Measured)
# Words of 2005 that may come any number of times, or stand beside factors; they stay in `other`.
_ANY_NUMBER = frozenset({("3014", "CTime"), ("2072", "AlarmType"), ("1021", "PolId")})
_OWN = frozenset({RealTime, Periodic, Started, Retained})
_OWN_COMMANDS = frozenset({"2011", "2031", "2051", "2061", "2081", "3015"})


def print_message(message: Message, edition: Edition) -> tuple[str, ...]:
    """Write the data area of each packet that the message takes, most often one.

    Numbers are rounded here and nowhere else. Raises LocalFrameError on what the edition cannot
    say.
    """
    return split([item for item in _items(message, edition) if item], edition)


def parse_message(segment: Segment, edition: Edition) -> Message:
    """Read the data area of a segment. Never fails."""
    return read_message(segment, edition)[0]


def read_message(
    segment: Segment, edition: Edition, *, direction: Direction | None = None
) -> tuple[Message, tuple[str, ...]]:
    """Read the data area of a segment; give it with the warnings. Never fails."""
    items = parse_cp(segment.cp)
    try:
        return _read(segment.cn, items, edition, direction=direction)
    except ValueError as error:
        return Other(segment.cn, items, str(error)), (str(error),)


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
        case _:
            own = _print_worded(message, edition)
    return own + message.other


def _print_worded(message: Order | Report, edition: Edition) -> tuple[Item, ...]:
    known = {cn for cn, _ in commands(edition.base)}
    if message.cn not in known and not edition.extra_commands.get(message.cn):
        raise LocalFrameError(f"{edition.name} has no command {message.cn}")
    own = print_words(message, edition)
    if isinstance(message, _WITH_FACTORS):
        return own + tuple(print_factor(said, edition) for said in message.factors)
    if (many := pairs_of(type(message))) is not None:
        name, pairs = many
        own += pairs.print(getattr(message, name))
    return own


def _read(
    cn: str, items: tuple[Item, ...], edition: Edition, *, direction: Direction | None
) -> tuple[Message, tuple[str, ...]]:
    match cn:
        case "9011":
            return RequestAnswer(_number(items, "QnRtn"), without(items, "QnRtn")), ()
        case "9012":
            return Executed(_number(items, "ExeRtn"), without(items, "ExeRtn")), ()
        case "9013":
            return NoticeAnswer(items), ()
        case "9014":
            return DataAnswer(items), ()
    if direction != "down" and find(items, "DataTime") is not None:
        told = _read_told(cn, items, edition)
        if told is not None:
            return told, ()
    return _read_worded(cn, items, edition, direction=direction)


def _read_told(cn: str, items: tuple[Item, ...], edition: Edition) -> Message | None:
    """Read one of the messages that have a class of their own; None for another command."""
    rest = without(items, "DataTime")
    match cn:
        case "2011":
            return RealTime(_moment(items, "DataTime"), *read_factors(rest))
        case "2051" | "2061" | "2031":
            return Periodic(cn, _moment(items, "DataTime"), *read_factors(rest))
        case "2081":
            time, start = _moment(items, "DataTime"), _moment(rest, "RestartTime")
            return Started(time, start, without(rest, "RestartTime"))
        case edition.retained_cn:
            time, bottle = _moment(items, "DataTime"), _number(rest, "VaseNo")
            return Retained(time, bottle, without(rest, "VaseNo"))
    return None


def _read_worded(
    cn: str, items: tuple[Item, ...], edition: Edition, *, direction: Direction | None
) -> tuple[Message, tuple[str, ...]]:
    known, like = commands(edition.base), edition.extra_commands.get(cn) or cn
    ways: tuple[Direction, ...] = ("up", "down") if direction is None else (direction,)
    kinds = [kind for way in ways if (like, way) in known for kind in known[like, way].messages]
    kinds = [kind for kind in kinds if hasattr(kind, "cn") and kind not in _OWN]
    for kind in sorted(kinds, key=_demands, reverse=True):
        try:
            message, warnings = _read_as(kind, cn, items, edition=edition)
        except Missing:
            continue
        if kind is Plain and items and (len(kinds) > 1 or cn in _OWN_COMMANDS):
            break
        strange = (key for key in _keys(message.other) if (cn, key) not in _ANY_NUMBER)
        return message, warnings + tuple(f"{cn} has no {key}" for key in strange)
    return Other(cn, items), ()


def _read_as(
    kind: type[Any], cn: str, items: tuple[Item, ...], *, edition: Edition
) -> tuple[Order | Report, tuple[str, ...]]:
    fields, rest, warnings = read_words(kind, items, edition)
    if issubclass(kind, _WITH_FACTORS):
        fields["factors"], rest = read_factors(rest)
        if not fields["factors"] and not words_of(kind):
            raise Missing("no factor")
    elif (many := pairs_of(kind)) is not None:
        name, pairs = many
        fields[name], rest, more = pairs.read(rest)
        if not fields[name]:
            raise Missing(f"no {pairs.suffix}")
        warnings += tuple(more)
    message: Order | Report = kind(cn=cn, other=rest, **fields)
    return message, warnings


def _demands(kind: type[Any]) -> int:
    """How many words a message class cannot be without."""
    many = issubclass(kind, _WITH_FACTORS) or pairs_of(kind) is not None
    words = words_of(kind)
    return sum(not word.optional for _, word in words) + many


def _keys(items: Iterable[Item]) -> Iterable[str]:
    return (key for item in items for key, _ in item)


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
