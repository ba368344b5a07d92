"""Modbus ASCII frames as a slave sees them: a colon, hex digits, LRC, CR LF. Pure."""

from __future__ import annotations

import re

_FRAME = re.compile(rb":((?:[0-9A-Fa-f]{2}){4,255})\r\n")


def cut_ascii(heard: bytes) -> tuple[bytes, int] | None:
    """Give address and PDU of the first right frame, and where it ends; None without one."""
    for found in _FRAME.finditer(heard):
        data = bytes.fromhex(found[1].decode("ascii"))
        if sum(data) & 0xFF == 0:
            return data[:-1], found.end()
    return None


def ascii_frame(address: int, pdu: bytes) -> bytes:
    """Give the frame of a PDU."""
    body = bytes([address]) + pdu
    lrc = -sum(body) & 0xFF
    return b":" + (body + bytes([lrc])).hex().upper().encode("ascii") + b"\r\n"
