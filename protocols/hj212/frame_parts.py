"""The parts of a frame: its length field, its CRC, and what a broken one still holds.

| part    | bytes  | content                                     |
|---------|--------|---------------------------------------------|
| header  | 2      | `##`                                        |
| length  | 4      | bytes of the segment, decimal, zero padded  |
| segment | 0…1024 | see `segment`; up to 9999 are read          |
| CRC     | 4      | hex, over the segment only, high byte first |
| tail    | 2      | CR LF                                       |

Source: HJ 212-2017 §6.3.1, HJ 212-2025 §6.3
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from protocols.hj212.ciphers import cannot_be_text, is_cipher, is_utf8, may_be_sealed
from protocols.hj212.crc import crc16

MAX_SEGMENT = 1024
READABLE_SEGMENT = 9999

HEADER = b"##"
TAIL = b"\r\n"
SEGMENT_AT = 6
CRC_SIZE = 4

_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")
_UTF8_CONTINUATION = bytes(range(0x80, 0xC0))
_SHOWN = 40

# Takes a segment as it stands, proposes plaintexts: see `seal.unsealer`.
Unseal = Callable[[bytes], Iterator[bytes]]


class Frame(NamedTuple):
    """A data segment whose length and CRC were right; `warnings` tell what else was not.

    Of a sealed frame it is the plaintext. A tuple: answers come by the thousand a second.
    """

    segment: bytes
    warnings: tuple[str, ...] = ()
    sealed: bool = False


def declared_length(data: bytes | bytearray, limit: int) -> int | None:
    """Read the length field; None when it is not four digits or above `limit`."""
    field = data[2:SEGMENT_AT]
    if len(field) != SEGMENT_AT - 2 or not field.isdigit():
        return None
    declared = int(field)
    return declared if declared <= limit else None


def open_frame(
    data: bytes | bytearray, declared: int, end: int, *, unseal: Unseal | None = None
) -> Frame | None:
    """Give the frame whose segment stops at offset `end`, or None when the CRC there is wrong."""
    segment = bytes(data[SEGMENT_AT:end])
    crc = bytes(data[end : end + CRC_SIZE])
    expected = b"%04X" % crc16(segment)
    if crc == expected and len(segment) == declared <= MAX_SEGMENT and unseal is None:
        return Frame(segment)
    plain = segment if crc.upper() == expected else None
    if unseal is not None and (plain is None or may_be_sealed(plain)):
        plain = _unsealed(segment, crc.upper(), unseal) or _as_it_stands(plain)
    if plain is None:
        return None
    warnings = []
    if crc != crc.upper():
        warnings.append(f"CRC {shown(crc)} in lower case")
    if len(segment) != declared:
        warnings.append(f"length {declared} counts characters, not {len(segment)} bytes")
    if len(segment) > MAX_SEGMENT:
        warnings.append(f"segment of {len(segment)} bytes, {MAX_SEGMENT} allowed")
    return Frame(plain, tuple(warnings), sealed=plain is not segment)


def _as_it_stands(plain: bytes | None) -> bytes | None:
    """Take what no key opens for text, unless it can be none."""
    return None if plain is None or is_cipher(plain) or cannot_be_text(plain) else plain


def _unsealed(segment: bytes, crc: bytes, unseal: Unseal) -> bytes | None:
    """Give the first plaintext with that CRC that is text.

    The CRC alone would let one wrong key in 256 pass; garbage is no UTF-8 and full of control
    characters.
    """
    for plain in unseal(segment):
        if b"%04X" % crc16(plain) == crc and not is_cipher(plain) and is_utf8(plain):
            return plain
    return None


def character_end(data: bytes | bytearray, declared: int) -> int:
    """Offset at which `declared` UTF-8 characters of segment end; may lie behind the data."""
    end = SEGMENT_AT + declared
    while end <= len(data):
        begun = len(data[SEGMENT_AT:end].translate(None, _UTF8_CONTINUATION))
        if begun == declared:
            break
        end += declared - begun
    while end < len(data) and data[end] in _UTF8_CONTINUATION:
        end += 1
    return end


def shown(data: bytes | bytearray) -> str:
    """Bytes as printable text for a message, cut off when long."""
    text = data[:_SHOWN].decode("ascii", "backslashreplace").replace("\r", "\\r")
    return text.replace("\n", "\\n").replace("\0", "\\0") + ("…" if len(data) > _SHOWN else "")


def looks_like(text: bytes) -> tuple[bytes, bytes]:
    """Part what follows a length field into what looks like its segment and its CRC."""
    for tail in (TAIL, b"\r", b"\n"):
        if text.endswith(tail):
            text = text[: -len(tail)]
            break
    crc = text[-CRC_SIZE:]
    if len(crc) == CRC_SIZE and _HEX_DIGITS.issuperset(crc):
        return text[:-CRC_SIZE], crc
    end = text.rfind(b"&&") + 2
    return (text[:end], text[end:]) if end > 1 else (text, b"")
