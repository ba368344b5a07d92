"""Registers of instruments to numbers and times, and back.

A register is 16 bits, given as an int 0..65535 in the order it came. The byte order names the bytes
of a 32-bit value as they come over the wire, A the most significant:

    order   15.5 = 41 78 00 00     meaning
    ABCD    4178 0000              high word first, high byte first
    CDAB    0000 4178              low word first
    BADC    7841 0000              bytes of each word swapped
    DCBA    0000 7841              everything reversed

Wider and narrower values follow the same two questions: are the words reversed (C before A), are
the bytes within a word swapped (B before A). Times in registers are local time UTC+8.
"""

from __future__ import annotations

import datetime
import functools
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

from protocols.hj212.times import BEIJING_OFFSET_S

ByteOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
NumberType = Literal[
    "uint16", "int16", "uint32", "int32", "uint64", "int64",
    "float32", "float64", "bcd16", "bcd32", "char-le", "uint8-hi", "uint8-lo",
]  # fmt: skip
TimeFormat = Literal[
    "hach", "bcd6", "bytes6", "words6", "words6-yy", "words6-1970", "bcd-words6", "unix32",
]  # fmt: skip

NUMBER_TYPES: tuple[NumberType, ...] = get_args(NumberType)
TIME_FORMATS: tuple[TimeFormat, ...] = get_args(TimeFormat)

_STRUCTS: dict[NumberType, str] = {
    "uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "uint64": ">Q", "int64": ">q",
    "float32": ">f", "float64": ">d", "bcd16": ">H", "bcd32": ">I", "char-le": ">H",
    "uint8-hi": ">H", "uint8-lo": ">H",
}  # fmt: skip
_ALWAYS_NUMBERS = frozenset({"uint16", "int16", "uint32", "int32", "uint64", "int64"})
_AS_SENT = ("ABCD", "BADC")
"""Orders whose high word comes first."""
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))


@functools.cache
def number_width(type_: NumberType) -> int:
    """Count the registers one number of this type takes."""
    return struct.calcsize(_STRUCTS[type_]) // 2


def decode_number(
    registers: Sequence[int], type_: NumberType, order: ByteOrder = "ABCD"
) -> float | None:
    """Give the number in `registers`, or None where the bits are no number.

    No number: NaN, infinities, a BCD digit above 9, a character outside printable ASCII. `char-le`
    gives the code of the character in the low byte, `uint8-hi` and `uint8-lo` one byte of two that
    share a register. Raises ValueError on a wrong register count.
    """
    if len(registers) != number_width(type_):
        raise ValueError(
            f"{type_}: {number_width(type_)} registers expected, {len(registers)} given"
        )
    return decode_numbers(registers, type_, order, count=1)[0]


def decode_numbers(
    registers: Sequence[int], type_: NumberType, order: ByteOrder = "ABCD", *, count: int
) -> list[float | None]:
    """Give `count` numbers of one type that stand one behind the other in `registers`.

    As `decode_number` gives each of them, at a fraction of its cost: an instrument with fifty
    floats is read every second.
    """
    words, numbers = _codes(type_, order, count)
    values = numbers.unpack(words.pack(*(registers if order in _AS_SENT else registers[::-1])))
    if order not in _AS_SENT:
        values = values[::-1]
    if type_ in _ALWAYS_NUMBERS:
        return list(values)
    meaning = _MEANINGS.get(type_)
    if meaning is not None:
        return [meaning(value) for value in values]
    if isfinite(sum(values)):  # then each of them is
        return list(values)
    return [value if isfinite(value) else None for value in values]


@functools.lru_cache(maxsize=1024)
def _codes(type_: NumberType, order: ByteOrder, count: int) -> tuple[struct.Struct, struct.Struct]:
    """Give what puts registers into bytes in the order of the numbers, and what reads those.

    All words reversed are every number's words reversed, and the numbers too.
    """
    words = "<" if order in ("BADC", "DCBA") else ">"
    return (
        struct.Struct(f"{words}{count * number_width(type_)}H"),
        struct.Struct(f">{count}{_STRUCTS[type_][1]}"),
    )


def encode_number(value: float, type_: NumberType, order: ByteOrder = "ABCD") -> list[int]:
    """Print a number as registers. Whole types round; raises ValueError when it does not fit.

    One byte of a shared register (`uint8-hi`, `uint8-lo`) leaves the other byte 0.
    """
    packed: float = value
    if type_ not in ("float32", "float64"):
        packed = round(value)
    if type_ in ("bcd16", "bcd32"):
        packed = _to_bcd(round(value), digits=4 * number_width(type_))
    if type_ in ("uint8-hi", "uint8-lo"):
        if not 0 <= packed <= 0xFF:
            raise ValueError(f"{value} does not fit in {type_}")
        packed = int(packed) << 8 if type_ == "uint8-hi" else packed
    try:
        data = struct.pack(_STRUCTS[type_], packed)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value} does not fit in {type_}") from error
    return list(struct.unpack(f">{number_width(type_)}H", _reorder(data, order)))


def _reorder(data: bytes, order: ByteOrder) -> bytes:
    """Turn wire bytes into big-endian ones, or back: every order is its own inverse."""
    words = [data[i : i + 2] for i in range(0, len(data), 2)]
    if order in ("CDAB", "DCBA"):
        words.reverse()
    if order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    return b"".join(words)


def _from_bcd(value: int) -> float | None:
    digits = f"{value:x}"
    return float(int(digits)) if digits.isdecimal() else None


def _from_character(value: int) -> float | None:
    return float(value & 0xFF) if 0x20 <= value & 0xFF < 0x7F else None


_MEANINGS: dict[NumberType, Callable[[int], float | None]] = {
    "bcd16": _from_bcd,
    "bcd32": _from_bcd,
    "char-le": _from_character,
    "uint8-hi": lambda value: float(value >> 8),
    "uint8-lo": lambda value: float(value & 0xFF),
}
"""What the bits mean where they are neither a whole number nor a float."""


def _to_bcd(value: int, digits: int) -> int:
    if not 0 <= value < 10**digits:
        raise ValueError(f"{value} does not fit in {digits} BCD digits")
    return int(str(value), 16)


@dataclass(frozen=True, slots=True)
class _TimeCode:
    """How many registers a time takes, and how its six numbers go in and out of them."""

    width: int
    split: Callable[[Sequence[int]], tuple[float | None, ...]]
    join: Callable[[tuple[int, int, int, int, int, int]], list[int]]


def _split_hach(registers: Sequence[int]) -> tuple[float | None, ...]:
    year, month_day, hour_minute, second = registers
    return (year, *divmod(month_day, 100), *divmod(hour_minute, 100), second)


def _join_hach(parts: tuple[int, int, int, int, int, int]) -> list[int]:
    year, month, day, hour, minute, second = parts
    return [year, month * 100 + day, hour * 100 + minute, second]


def _split_bcd6(registers: Sequence[int]) -> tuple[float | None, ...]:
    return tuple(_from_bcd(half) for word in registers for half in divmod(word, 0x100))


def _join_bcd6(parts: tuple[int, int, int, int, int, int]) -> list[int]:
    halves = [_to_bcd(part, digits=2) for part in (parts[0] % 100, *parts[1:])]
    return [high * 0x100 + low for high, low in zip(halves[::2], halves[1::2], strict=True)]


def _split_bytes6(registers: Sequence[int]) -> tuple[float | None, ...]:
    return tuple(float(half) for word in registers for half in divmod(word, 0x100))


def _join_bytes6(parts: tuple[int, int, int, int, int, int]) -> list[int]:
    halves = [parts[0] % 100, *parts[1:]]
    return [high * 0x100 + low for high, low in zip(halves[::2], halves[1::2], strict=True)]


def _split_unix32(registers: Sequence[int]) -> tuple[float | None, ...]:
    seconds = registers[0] << 16 | registers[1]
    if not seconds:
        return (0, 0, 0, 0, 0, 0)
    local = datetime.datetime.fromtimestamp(seconds, _ZONE)
    return (local.year, local.month, local.day, local.hour, local.minute, local.second)


def _join_unix32(parts: tuple[int, int, int, int, int, int]) -> list[int]:
    year, month, day, hour, minute, second = parts
    moment = datetime.datetime(year, month, day, hour, minute, second, tzinfo=_ZONE)
    return list(divmod(int(moment.timestamp()), 0x10000))


# hach        year, MMDD and HHMM as decimal numbers, second          626 = 26 June, 1730 = 17:30
# bcd6        YYMM, DDhh, mmss as packed BCD                          2603 1910 0000
# bytes6      the same places as bcd6, but plain numbers               1A03 130A 0000
# words6      one plain number per register, year with or without century
# words6-yy   the same, written with two digits of the year
# words6-1970 the same, the year counted from 1970                     0038 0003 0013 …
# bcd-words6  one BCD number per register, the first 20YY             2026 0003 0019 …
# unix32      UTC seconds since 1970, high word first                  69BB 58A0
_TIME_CODES: dict[TimeFormat, _TimeCode] = {
    "hach": _TimeCode(4, _split_hach, _join_hach),
    "bcd6": _TimeCode(3, _split_bcd6, _join_bcd6),
    "bytes6": _TimeCode(3, _split_bytes6, _join_bytes6),
    "words6": _TimeCode(6, tuple, list),
    "words6-yy": _TimeCode(6, tuple, lambda parts: [parts[0] % 100, *parts[1:]]),
    "words6-1970": _TimeCode(
        6,
        lambda registers: (registers[0] + 1970, *registers[1:]),
        lambda parts: [parts[0] - 1970, *parts[1:]],
    ),
    "bcd-words6": _TimeCode(
        6,
        lambda registers: tuple(_from_bcd(word) for word in registers),
        lambda parts: [_to_bcd(part, digits=4) for part in parts],
    ),
    "unix32": _TimeCode(2, _split_unix32, _join_unix32),
}


def time_width(format_: TimeFormat) -> int:
    """Count the registers one time of this format takes."""
    return _TIME_CODES[format_].width


def decode_time(registers: Sequence[int], format_: TimeFormat) -> float | None:
    """Give the UTC epoch seconds of a local time in registers; None where it is no time.

    Two-digit years are of this century. An all-zero field is the usual "never". Raises ValueError
    on a wrong register count.
    """
    code = _TIME_CODES[format_]
    if len(registers) != code.width:
        raise ValueError(f"{format_}: {code.width} registers expected, {len(registers)} given")
    parts = [int(part) for part in code.split(registers) if part is not None]
    if len(parts) != 6:
        return None
    year = parts[0] + 2000 if parts[0] < 100 else parts[0]
    if not 2000 <= year < 2100:
        return None
    try:
        moment = datetime.datetime(
            year, parts[1], parts[2], parts[3], parts[4], parts[5], tzinfo=_ZONE
        )
    except ValueError:
        return None
    return moment.timestamp()


def encode_time(at: float, format_: TimeFormat) -> list[int]:
    """Print UTC epoch seconds as local time in registers; parts of a second are cut."""
    local = datetime.datetime.fromtimestamp(int(at // 1), _ZONE)
    parts = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    return _TIME_CODES[format_].join(parts)
