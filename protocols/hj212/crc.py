"""The check sum of HJ 212, which is neither CRC-16/ARC nor CRC-16/MODBUS.

The standard shifts the register down by eight *before* it takes the next byte in, so the old low
byte is lost: `reg = T[(reg >> 8) ^ byte]`, with T the usual table of the polynomial 0xA001. Only
the high byte h survives from byte to byte: `h = H[h ^ byte]`, where H[x] is the high byte of T[x].

H is linear over XOR and, applied eight times, gives back what went in. Bytes that stand eight
apart therefore act on h in the same way and may be XORed together first: the whole segment folds
to its last eight bytes, and eight steps are left. (It is also why this sum is weak: it sees 8
bits, and not that two 8-byte words have changed places. Check structure as well.)

Source: HJ 212-2017 annex A, HJ 212-2025 §A.1
"""

from __future__ import annotations


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        register = value
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
        table.append(register)
    return tuple(table)


_TABLE = _table()
_HIGH = bytes(value >> 8 for value in _TABLE)
_FOLDS = tuple((bits, (1 << bits) - 1) for bits in (8192, 4096, 2048, 1024, 512, 256, 128, 64))


def crc16(segment: bytes) -> int:
    """Check sum of a data segment, 0…0xFFFF; printed as four hex digits, high byte first."""
    if not segment:
        return 0xFFFF
    # The register starts as 0xFFFF: the same as 0xFF XORed into the first byte and a start at 0,
    # and with a start at 0 the leading zeros of a short word change nothing.
    folded = int.from_bytes(segment, "big") ^ (0xFF << 8 * (len(segment) - 1))
    for bits, mask in _FOLDS:
        while folded > mask:
            folded = (folded >> bits) ^ (folded & mask)
    b0, b1, b2, b3, b4, b5, b6, b7 = folded.to_bytes(8, "big")
    h = _HIGH
    return _TABLE[h[h[h[h[h[h[h[b0] ^ b1] ^ b2] ^ b3] ^ b4] ^ b5] ^ b6] ^ b7]
