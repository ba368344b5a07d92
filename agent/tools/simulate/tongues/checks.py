"""Check sums as an instrument puts them behind what it says. Pure."""

from __future__ import annotations

from functools import reduce
from operator import xor

from agent.tools.simulate.rtu_frames import crc


def added(body: bytes, kind: str) -> bytes:
    """Give a body with its check sum behind it. Raises ValueError on a kind there is not."""
    match kind:
        case "none":
            return body
        case "sum8":
            return body + bytes((sum(body) & 0xFF,))
        case "sum8-hex":
            return body + b"%02X" % (sum(body) & 0xFF)
        case "sum16-hex":
            return body + b"%04X" % (sum(body) & 0xFFFF)
        case "xor":
            return body + bytes((reduce(xor, body, 0),))
        case "xor-hex":
            return body + b"%02X" % reduce(xor, body, 0)
        case "lrc-hex":
            return body + b"%02X" % (-sum(body) & 0xFF)
        case "crc16-low-first":
            return body + crc(body).to_bytes(2, "little")
        case "crc16-hex":
            return body + b"%04X" % crc(body)
        case _:
            raise ValueError(f"no check sum {kind}")


def turned(frame: bytes) -> bytes:
    """Give a frame whose last byte is another: still a hex digit where it was one."""
    last = frame[-1:]
    other = (b"0" if last != b"0" else b"1") if last in b"0123456789ABCDEF" else None
    return frame[:-1] + (other or bytes((last[0] ^ 1,)))
