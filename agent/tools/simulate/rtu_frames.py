"""Modbus RTU frames as a slave sees them: requests cut from a stream, answers closed. Pure.

byte 0        unit address
byte 1        function
byte 2 ...    body
last two      CRC-16, low byte first
"""

from __future__ import annotations

_FIXED = 8
_WRITES_MANY = (15, 16)
_KNOWN = (1, 2, 3, 4, 5, 6, *_WRITES_MANY)
MAX_FRAME = 256


def crc(data: bytes | bytearray) -> int:
    """Compute the CRC-16 of Modbus (reflected polynomial 0xA001, start 0xFFFF)."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register


def close(address: int, pdu: bytes) -> bytes:
    """Give the frame of a PDU."""
    body = bytes([address]) + pdu
    return body + crc(body).to_bytes(2, "little")


def sound(frame: bytes | bytearray) -> bool:
    """Say whether the bytes are one whole frame with the right checksum."""
    return len(frame) >= 4 and crc(frame[:-2]) == int.from_bytes(frame[-2:], "little")


def request_length(buffer: bytes | bytearray) -> int | None:
    """Say how long the request at the start of the buffer is; None while that cannot be known.

    A function that this slave does not know has no length: only the silence after it ends it.
    """
    if len(buffer) < 2 or buffer[1] not in _KNOWN:
        return None
    if buffer[1] not in _WRITES_MANY:
        return _FIXED
    return None if len(buffer) < 7 else 9 + buffer[6]
