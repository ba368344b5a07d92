"""Orders as they are typed: `2051 BeginTime=20260601000000 EndTime=20260601010000`. Pure.

Words are `name=value` as on the wire; what the standard joins by a comma is joined by the library.
`now` stands for this moment. What begins with `@` is for those who test a station: `@PW=000000`,
`@MN=…`, `@ST=31`, `@QN=…`, `@Flag=8` put another value into the header, `@CP=…` a data area as it
is.
"""

from __future__ import annotations

import secrets
import shlex
import string
from dataclasses import dataclass

from agent.errors import PaikouError
from agent.tools.platform.stations import Station
from protocols.hj212.commands import Command, command, commands
from protocols.hj212.cp import Item, find, print_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.frame import encode_frame
from protocols.hj212.message import Other, print_message, read_message
from protocols.hj212.seal import BLOCK, is_sealed, seal_frame
from protocols.hj212.segment import Segment, print_segment
from protocols.hj212.times import wire_qn, wire_time
from protocols.hj212.words import words_of

_KEY_LETTERS = string.ascii_letters + string.digits
_HEADER = ("QN", "ST", "PW", "MN")


class BadOrder(PaikouError):
    """An order that cannot be made of what was typed."""


@dataclass(frozen=True, slots=True)
class Order:
    """One request or notice to a station. `frame` is what goes out, sealed where that is due."""

    station: Station
    command: Command
    edition: Edition
    segment: Segment
    frame: bytes

    @property
    def qn(self) -> str:
        """The QN that answers bear."""
        return self.segment.qn


def parse_line(line: str) -> tuple[str, str, list[str]]:
    """Part a typed line into MN (or nothing), CN and words. Raises `BadOrder`."""
    try:
        words = shlex.split(line)
    except ValueError as problem:
        raise BadOrder(f"{line}: {problem}") from None
    mn = words.pop(0) if words and not _is_cn(words[0]) else ""
    if not words or not _is_cn(words[0]):
        raise BadOrder(f"{line.strip() or 'nothing'}: [MN] CN [key=value …] expected")
    return mn, words[0], words[1:]


def make_order(station: Station, cn: str, words: list[str], *, now_ms: int) -> Order:
    """Make the order, checked against the station's edition. Raises `BadOrder`.

    `now_ms`: UTC epoch milliseconds; the QN and `now`.
    """
    held = station.speaks
    known = command(held.extra_commands.get(cn, cn), "down", held.base)
    if known is None:
        there = sorted({one for one, way in commands(held.base) if way == "down"})
        raise BadOrder(f"{cn}: no command of {held.name}; there are {' '.join(there)}")
    header = {name: value for name, value in map(_special, words) if name in (*_HEADER, "Flag")}
    area = next((value for name, value in map(_special, words) if name == "CP"), None)
    if area is None:
        typed = [word for word in words if not word.startswith("@")]
        area = _area(cn, known, typed, held=held, now_ms=now_ms)
    segment = Segment(
        qn=header.get("QN", wire_qn(now_ms)),
        st=header.get("ST", station.st),
        cn=cn,
        pw=header.get("PW", station.order_pw),
        mn=header.get("MN", station.mn),
        flag=_flag(header["Flag"]) if "Flag" in header else Flag(held.flag_version, True),
        cp=area,
    )
    try:
        return Order(station, known, held, segment, _frame(segment, station, held))
    except LocalFrameError as error:
        raise BadOrder(f"{cn}: {error}") from None


def _flag(text: str) -> Flag:
    if not (text.isascii() and text.isdigit() and int(text) <= 255):
        raise BadOrder(f"@Flag={text}: a number up to 255 expected")
    return Flag.of(int(text))


def new_key() -> str:
    """Make an SM4 key as platforms hand it out: 16 letters and digits."""
    return "".join(secrets.choice(_KEY_LETTERS) for _ in range(BLOCK))


def ordered_value(order: Order, key: str) -> str | None:
    """Give a value of an order's data area."""
    items = read_items(order.segment.cp)
    return find(items, key)


def read_items(area: str) -> tuple[Item, ...]:
    """Give the pairs of a data area."""
    return tuple(
        tuple(pair.partition("=")[::2] for pair in item.split(",")) for item in area.split(";")
    )


def _is_cn(word: str) -> bool:
    return len(word) == 4 and word.isascii() and word.isdigit()


def _special(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name.startswith("@"):
        return "", ""
    if not equals or name[1:] not in (*_HEADER, "Flag", "CP"):
        raise BadOrder(f"{word}: @QN= @ST= @PW= @MN= @Flag= or @CP= expected")
    return name[1:], value


def _area(cn: str, known: Command, words: list[str], *, held: Edition, now_ms: int) -> str:
    items = [_item(word, now_ms) for word in words] + _filled(cn, known, words, now_ms=now_ms)
    try:
        told = Segment(cn=cn, cp=print_cp(items))
        message, _ = read_message(told, held, direction="down")
        strange = [key for item in message.other for key, _ in item]
        if isinstance(message, Other) or strange:
            why = message.why if isinstance(message, Other) else f"unknown: {' '.join(strange)}"
            raise BadOrder(f"{cn} {known.name_zh}: {_wanted(known, held)}; {why}".rstrip("; "))
        return print_message(message, held)[0]
    except LocalFrameError as error:
        raise BadOrder(f"{cn} {known.name_zh}: {error}") from None


def _item(word: str, now_ms: int) -> Item:
    pairs = []
    for part in word.split(",") if "//" not in word else [word]:
        key, equals, value = part.partition("=")
        if not equals:
            raise BadOrder(f"{part}: name=value expected")
        pairs.append((key, wire_time(now_ms / 1000) if value == "now" else value))
    return tuple(pairs)


def _filled(cn: str, known: Command, words: list[str], *, now_ms: int) -> list[Item]:
    """Give what need not be typed: the time of a 1012, times and key of a 1014."""
    typed = {word.partition("=")[0] for word in words}
    if cn == "1012" and "SystemTime" not in typed:
        return [(("SystemTime", wire_time(now_ms / 1000)),)]
    if cn == "1014":
        offered = (("SKCreateTime", wire_qn(now_ms)), ("NewSK", new_key()))
        return [(pair,) for pair in offered if pair[0] not in typed]
    return []


def _wanted(known: Command, held: Edition) -> str:
    words = words_of(known.messages[0])
    texts = (f"[{word.key_in(held)}=]" if word.optional else f"{word.key_in(held)}="
             for _, word in words)  # fmt: skip
    return f"expected {' '.join(texts) or 'no word'}"


def _frame(segment: Segment, station: Station, held: Edition) -> bytes:
    data = print_segment(segment, held)
    if station.seals and station.key and is_sealed(segment.cn, down=True):
        return seal_frame(data, station.key, station.rendering)
    return encode_frame(data)
