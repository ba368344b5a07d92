"""Check sums of instrument protocols, by name. Pure.

`-hex` kinds are printed as two upper-case hex digits, the others are raw bytes. What none of them
sees: two characters that change places (sums, XOR), two flipped bits of one weight (XOR), a bit set
in one character and cleared in another (sums). Only the CRCs see every error of up to three bits.
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import Literal, get_args

CheckKind = Literal[
    "sum8", "sum8-hex", "sum16-hex", "xor", "xor-hex", "lrc-hex", "crc16-low-first", "crc16-hex",
]  # fmt: skip
CHECK_KINDS: tuple[CheckKind, ...] = get_args(CheckKind)


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


def crc16(data: bytes) -> int:
    """Give the Modbus CRC: polynomial 0xA001 reflected, start 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def checked(body: bytes, kind: CheckKind) -> bool:
    """Tell whether a body ends with its check sum; hex digits of either case."""
    width = len(check_sum(b"", kind))
    data, told = body[:-width], body[-width:]
    wanted = check_sum(data, kind)
    return len(data) > 0 and wanted == (told.upper() if kind.endswith("-hex") else told)


def check_sum(data: bytes, kind: CheckKind) -> bytes:
    """Give the check sum as it stands on the wire."""
    match kind:
        case "sum8":
            return bytes((sum(data) & 0xFF,))
        case "sum8-hex":
            return b"%02X" % (sum(data) & 0xFF)
        case "sum16-hex":
            return b"%04X" % (sum(data) & 0xFFFF)
        case "xor":
            return bytes((reduce(xor, data, 0),))
        case "xor-hex":
            return b"%02X" % reduce(xor, data, 0)
        case "lrc-hex":
            return b"%02X" % (-sum(data) & 0xFF)
        case "crc16-low-first":
            return crc16(data).to_bytes(2, "little")
        case "crc16-hex":
            return b"%04X" % crc16(data)
