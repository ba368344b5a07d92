"""A part of an answer to a number, a text or a time, by the type a profile gives it. Pure.

Times are local time UTC+8, and come out as UTC epoch seconds.
"""

from __future__ import annotations

import datetime
import math
import re
import struct
from typing import Literal

from protocols.frame_shapes import Said
from protocols.hj212.times import BEIJING_OFFSET_S
from protocols.registers import ByteOrder, decode_number

# Behind the number one word may stand, its unit; the rest of a cut exponent is none.
_NUMBER = re.compile(
    rb"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?)"
    rb"\s*((?![Ee][+-]?\d*\s*\Z)[A-Za-z%\xb0\xb5][!-~\xb0\xb5]*)?[\s\0]*"
)
_HEX = re.compile(rb"\s*(?:0[xX])?([0-9A-Fa-f]{1,16})\s*")
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
_DAY_S = 86_400
_EPOCH_DAY = 25_569
"""The day number of 1970-01-01 where 1900-01-01 is day 1, as spreadsheets count."""
_SIGN = 0x80


def decode_part(part: bytes, type_: str, order: ByteOrder = "ABCD") -> Said | None:
    """Give what a part says, or None where it is nothing of that type.

    A number may have its unit behind it. Raises ValueError on a type there is not.
    """
    match type_:
        case "number":
            return _number(part)
        case "text" | "flag":
            text = part.decode("latin-1").strip(" \t\r\n\0")
            return Said(text) if text else None
        case "hex":
            found = _HEX.fullmatch(part)
            return Said(float(int(found[1], 16))) if found else None
        case "days1900":
            days = _number(part)
            return Said(from_day_number(float(days.value))) if days else None
        case "hj212":
            return _time(part.decode("latin-1").strip(), "%Y%m%d%H%M%S")
        case "bcd6":
            return _time(part.hex(), "%y%m%d%H%M%S") if len(part) == 6 else None
        case "bcd" | "bcd-signed":
            return _bcd(part, signed=type_ == "bcd-signed")
        case "float32":
            return _float(part, order)
        case _:
            return _whole(part, type_)


def from_day_number(days: float) -> float:
    """Give the UTC epoch seconds of a local time in days since 1900."""
    return (days - _EPOCH_DAY) * _DAY_S - BEIJING_OFFSET_S


def day_number(epoch_s: float) -> str:
    """Print a time as local days since 1900, five decimals (0.9 s)."""
    return f"{(epoch_s + BEIJING_OFFSET_S) / _DAY_S + _EPOCH_DAY:.5f}"


def _number(part: bytes) -> Said | None:
    found = _NUMBER.fullmatch(part)
    if found is None or not math.isfinite(float(found[1])):
        return None
    unit = (found[2] or b"").decode("latin-1").strip(" \t\r\n\0")
    return Said(float(found[1]), unit)


def _time(text: str, pattern: str) -> Said | None:
    try:
        local = datetime.datetime.strptime(text, pattern).replace(tzinfo=_ZONE)
    except ValueError:
        return None
    return Said(local.timestamp())


def _bcd(part: bytes, *, signed: bool) -> Said | None:
    minus = signed and bool(part[:1] and part[0] & _SIGN)
    digits = (bytes((part[0] & ~_SIGN & 0xFF,)) + part[1:]).hex() if minus else part.hex()
    if not digits.isdecimal():
        return None
    return Said(-float(digits) if minus else float(digits))


def _float(part: bytes, order: ByteOrder) -> Said | None:
    if len(part) != 4:
        return None
    number = decode_number(struct.unpack(">2H", part), "float32", order)
    return None if number is None else Said(number)


_SIZES = {"uint8": 1, "int16": 2, "uint16": 2, "uint16-le": 2, "uint32": 4, "int32": 4}


def _whole(part: bytes, type_: str) -> Said | None:
    if type_ not in _SIZES:
        raise ValueError(f"no type {type_}")
    if len(part) != _SIZES[type_]:
        return None
    order: Literal["little", "big"] = "little" if type_.endswith("-le") else "big"
    return Said(float(int.from_bytes(part, order, signed=type_.startswith("int"))))
