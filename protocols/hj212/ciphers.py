"""Whether a data area is text or a cipher, where its CRC does not tell.

The CRC of a sealed frame is that of its plaintext: it fits no cipher but by chance, one in 256.
"""

from __future__ import annotations

import codecs
import re

_CONTROL = bytes((*range(0x20), 0x7F))
_BLOCK = 16
_NO_TEXT = re.compile("[^ -~\u2010-\u203a\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_NAMED = re.compile(rb"[ -<>-~]{1,40}=")
_MOST_DAMAGED = 3
"""Characters that are no text from which on a block is rather a cipher."""
_CIPHER_TEXT = re.compile(rb"\{0x[0-9A-Fa-f]{2},|[0-9A-Fa-f]{32}")


def is_cipher(segment: bytes) -> bool:
    """Say whether a data area cannot be text: it has control characters, or a cipher's digits."""
    area = _area(segment)
    return len(area.translate(None, _CONTROL)) < len(area) or bool(_CIPHER_TEXT.match(area))


def looks_sealed(segment: bytes) -> bool:
    """Say whether a segment whose CRC is wrong holds a cipher rather than a damaged text.

    Six of ten bytes of a cipher are no text; damage leaves most of a text as it was.
    """
    area = _area(segment)
    if _CIPHER_TEXT.match(area):
        return True
    whole = area[: len(area) // _BLOCK * _BLOCK]
    # not final: the last block may end within a character
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(whole)
    return len(_NO_TEXT.findall(text)) >= max(_MOST_DAMAGED, len(whole) // _BLOCK)


def cannot_be_text(segment: bytes) -> bool:
    """Say whether a data area is a cipher even where its CRC fits, which happens by chance.

    Text in GBK, cut off or not, is none: it begins with the name of a field.
    """
    area = _area(segment)
    if _CIPHER_TEXT.match(area):
        return True
    if len(area) < _BLOCK or is_utf8(area):
        return False
    return is_cipher(segment) or _NAMED.match(area) is None


def may_be_sealed(segment: bytes) -> bool:
    """Say whether a segment whose CRC fits is to be tried with the keys first."""
    return is_cipher(segment) or not is_utf8(_area(segment))


def is_utf8(data: bytes) -> bool:
    """Say whether bytes are text in UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _area(segment: bytes) -> bytes:
    at = segment.find(b"CP=&&") + 5
    return segment[at:-2] if at >= 5 and segment.endswith(b"&&") else b""
