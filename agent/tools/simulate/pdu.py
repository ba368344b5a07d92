"""The slave's side of Modbus: a request PDU in, the answering PDU out. Pure.

Our own and not pymodbus' server, for two reasons seen at 3.16.1: it answers function 6 with the
register read back instead of the request's echo, and a late TCP answer with the transaction
number of the next request, which no instrument does.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Protocol

READ_BITS = (1, 2)
READ_REGISTERS = (3, 4)
MAX_BITS = 2000
MAX_REGISTERS = 125
MAX_WRITTEN = 123

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
DEVICE_FAILURE = 4
BUSY = 6
GATEWAY_TARGET_SILENT = 0x0B


class Refusal(Exception):
    """The unit says no. `code` is the Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Unit(Protocol):
    """One slave behind an address. Both methods raise `Refusal`."""

    def read(self, function: int, start: int, count: int) -> Sequence[int]:
        """Give `count` registers (functions 3, 4) or bits (functions 1, 2)."""

    def write(self, function: int, start: int, values: Sequence[int]) -> None:
        """Take registers (functions 6, 16) or bits (functions 5, 15)."""


def answer(unit: Unit, request: bytes) -> bytes:
    """Let the unit answer one request PDU (function code first, no address, no checksum)."""
    function = request[0]
    try:
        return bytes([function]) + _body(unit, function, request[1:])
    except Refusal as refusal:
        return exception(function, refusal.code)


def exception(function: int, code: int) -> bytes:
    """Give the PDU of an exception answer."""
    return bytes([function | 0x80, code])


def _body(unit: Unit, function: int, body: bytes) -> bytes:
    if function in (*READ_BITS, *READ_REGISTERS):
        return _read(unit, function, body)
    if function in (5, 6):
        return _write_one(unit, function, body)
    if function in (15, 16):
        return _write_many(unit, function, body)
    raise Refusal(ILLEGAL_FUNCTION)


def _read(unit: Unit, function: int, body: bytes) -> bytes:
    start, count = _two_words(body)
    most = MAX_BITS if function in READ_BITS else MAX_REGISTERS
    if len(body) != 4 or not 1 <= count <= most or start + count > 0x10000:
        raise Refusal(ILLEGAL_VALUE)
    values = unit.read(function, start, count)
    data = _packed_bits(values) if function in READ_BITS else struct.pack(f">{count}H", *values)
    return bytes([len(data)]) + data


def _write_one(unit: Unit, function: int, body: bytes) -> bytes:
    start, value = _two_words(body)
    if len(body) != 4 or (function == 5 and value not in (0, 0xFF00)):
        raise Refusal(ILLEGAL_VALUE)
    unit.write(function, start, [value if function == 6 else value // 0xFF00])
    return body


def _write_many(unit: Unit, function: int, body: bytes) -> bytes:
    start, count = _two_words(body)
    data = body[5:]
    length = count * 2 if function == 16 else (count + 7) // 8
    most = MAX_WRITTEN if function == 16 else 0x7B0
    if not 1 <= count <= most or len(data) != length or body[4] != length:
        raise Refusal(ILLEGAL_VALUE)
    if function == 16:
        unit.write(function, start, struct.unpack(f">{count}H", data))
    else:
        unit.write(function, start, [data[i // 8] >> i % 8 & 1 for i in range(count)])
    return body[:4]


def _two_words(body: bytes) -> tuple[int, int]:
    if len(body) < 4:
        raise Refusal(ILLEGAL_VALUE)
    first, second = struct.unpack(">HH", body[:4])
    return first, second


def _packed_bits(bits: Sequence[int]) -> bytes:
    """Pack bit 0 of the first byte first, as the wire has it."""
    packed = bytearray((len(bits) + 7) // 8)
    for index, bit in enumerate(bits):
        packed[index // 8] |= (bit & 1) << index % 8
    return bytes(packed)
