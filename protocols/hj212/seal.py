"""The seal of HJ 212-2025: SM4 over the data area, and nothing that says so.

Between `CP=&&` and the closing `&&` every whole block of 16 bytes is replaced by its cipher (ECB,
no padding); a remainder of 1 to 15 bytes stays in clear. The CRC is that of the plaintext, the
length too where the cipher stands as raw bytes. How the cipher is written is not settled between
the text of the standard and its own examples, so there are four ways:

| rendering | on the wire                        | length field counts |
|-----------|------------------------------------|---------------------|
| raw       | the cipher's bytes                 | plaintext = wire    |
| hexlist   | `{0xE4,0x3E,…}` and the remainder  | wire                |
| hex       | `E43E…` and the remainder          | wire                |
| off       | plaintext                          | plaintext           |

This is the one module of the package that knows `cryptography`.

Source: HJ 212-2025 §6.4, §A.2, appendix H; GB/T 32907 (SM4)
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.padding import PKCS7

from protocols.hj212.crc import crc16
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.frame_parts import MAX_SEGMENT, Unseal

Rendering = Literal["raw", "hexlist", "hex", "off"]
RENDERINGS: tuple[Rendering, ...] = get_args(Rendering)

BLOCK = 16
_OPEN, _CLOSE = b"CP=&&", b"&&"
_LIST = re.compile(rb"\{(0x[0-9A-Fa-f]{2}(?:,0x[0-9A-Fa-f]{2})*)\}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{32})+")

_PROOF = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_PROVEN = bytes.fromhex("681EDF34D206965E86B3E94F536E4246")


def check_cipher() -> None:
    """Run SM4 over the example of GB/T 32907; call it once at start.

    Raises LocalFrameError when this machine's SM4 gives anything else.
    """
    cipher = _encipher(_PROOF, _PROOF)
    if cipher != _PROVEN or _decipher(cipher, _PROOF) != _PROOF:
        raise LocalFrameError("SM4 of this machine does not give the example of GB/T 32907")


def parse_key(text: str) -> bytes:
    """Read a key: 32 hex digits, or 16 characters as platforms hand it out.

    Raises LocalFrameError, which does not show the key.
    """
    if re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        return bytes.fromhex(text)
    key = text.encode("utf-8", "replace")
    if len(key) != BLOCK:
        raise LocalFrameError(f"key of {len(key)} bytes: 16 characters or 32 hex digits expected")
    return key


def is_sealed(cn: str, *, down: bool) -> bool:
    """Say whether a command travels sealed where sealing is on (HJ 212-2025 §6.4)."""
    return cn == "1014" or (not down and (cn == "3020" or (len(cn) == 4 and cn[0] == "2")))


def seal_segment(segment: bytes, key: bytes, rendering: Rendering = "raw") -> bytes:
    """Put the seal on a segment's data area. Raises LocalFrameError when there is none."""
    parts = _parts(segment)
    if parts is None:
        raise LocalFrameError("a segment without CP=&&…&& cannot be sealed")
    head, area, close = parts
    whole = len(area) // BLOCK * BLOCK
    if not whole or rendering == "off":
        return segment
    return head + _render(_encipher(area[:whole], key), rendering) + area[whole:] + close


def unseal_segment(segment: bytes, key: bytes, rendering: Rendering = "raw") -> bytes:
    """Take the seal off. Whether the key was right only the CRC can tell.

    Raises PeerFrameError (seal) when the area is not of that rendering.
    """
    parts = _parts(segment)
    if parts is None:
        raise _unreadable(rendering, "no CP=&&…&&")
    head, area, close = parts
    if rendering == "off":
        return segment
    cipher, rest = _unrender(area, rendering)
    return head + _decipher(cipher, key) + rest + close


def seal_frame(
    segment: bytes, key: bytes, rendering: Rendering = "raw", *, limit: int = MAX_SEGMENT
) -> bytes:
    """Give the whole sealed frame of a plain segment.

    Raises LocalFrameError above `limit` bytes, counted as the length field counts them.
    """
    sealed = seal_segment(segment, key, rendering)
    if len(sealed) > limit:
        raise LocalFrameError(f"sealed segment of {len(sealed)} bytes, {limit} allowed")
    return b"##%04d%b%04X\r\n" % (len(sealed), sealed, crc16(segment))


def unsealer(keys: Sequence[bytes], renderings: Sequence[Rendering] = RENDERINGS) -> Unseal:
    """Give what `decode_frame` and `Framer` open sealed frames with.

    It proposes plaintexts: under each key in turn (the current one first, then the previous),
    each rendering that the area has the form of. The reader takes the first whose CRC is right
    and that is text.
    """

    def unseal(segment: bytes) -> Iterator[bytes]:
        for key in keys:
            for rendering in renderings:
                if rendering == "off":
                    continue
                try:
                    yield unseal_segment(segment, key, rendering)
                except PeerFrameError:
                    continue

    return unseal


def authorization(user: str, password: str, key: bytes) -> str:
    """Give the `Authorization` of a media upload: Base64 of SM4-ECB with PKCS#7 padding."""
    padder = PKCS7(BLOCK * 8).padder()
    text = padder.update(f"{user}:{password}".encode()) + padder.finalize()
    return base64.b64encode(_encipher(text, key)).decode()


def parse_authorization(text: str, key: bytes) -> tuple[str, str]:
    """Read user and password back. Raises PeerFrameError (seal)."""
    unpadder = PKCS7(BLOCK * 8).unpadder()
    try:
        plain = _decipher(base64.b64decode(text, validate=True), key)
        user, colon, password = (
            (unpadder.update(plain) + unpadder.finalize()).decode().partition(":")
        )
    except (binascii.Error, ValueError):  # not Base64, not whole blocks, or not this key's
        user = colon = password = ""
    if not colon:
        raise PeerFrameError("seal", "Authorization", declared="user:password", found="no such")
    return user, password


def _parts(segment: bytes) -> tuple[bytes, bytes, bytes] | None:
    at = segment.find(_OPEN) + len(_OPEN)
    end = len(segment) - len(_CLOSE)
    if at < len(_OPEN) or end < at or not segment.endswith(_CLOSE):
        return None
    return segment[:at], segment[at:end], segment[end:]


def _render(cipher: bytes, rendering: Rendering) -> bytes:
    if rendering == "raw":
        return cipher
    if rendering == "hex":
        return cipher.hex().upper().encode()
    return b"{" + b",".join(b"0x%02X" % value for value in cipher) + b"}"


def _unrender(area: bytes, rendering: Rendering) -> tuple[bytes, bytes]:
    """Give cipher and remainder."""
    if rendering == "raw":
        whole = len(area) // BLOCK * BLOCK
        return area[:whole], area[whole:]
    found = (_LIST if rendering == "hexlist" else _HEX).match(area)
    if found is None:
        raise _unreadable(rendering, "another form")
    digits = found[1].replace(b"0x", b"").replace(b",", b"") if rendering == "hexlist" else found[0]
    cipher, rest = bytes.fromhex(digits.decode()), area[found.end() :]
    if len(cipher) % BLOCK or len(rest) >= BLOCK:
        raise _unreadable(rendering, f"{len(cipher)} bytes of cipher and {len(rest)} in clear")
    return cipher, rest


def _unreadable(rendering: str, found: str) -> PeerFrameError:
    return PeerFrameError("seal", "not sealed so", declared=rendering, found=found)


def _encipher(text: bytes, key: bytes) -> bytes:
    worker = _cipher(key).encryptor()
    return worker.update(text) + worker.finalize()


def _decipher(cipher: bytes, key: bytes) -> bytes:
    worker = _cipher(key).decryptor()
    return worker.update(cipher) + worker.finalize()


def _cipher(key: bytes) -> Cipher[ECB]:
    if len(key) != BLOCK:
        raise LocalFrameError(f"SM4 key of {len(key)} bytes, {BLOCK} expected")
    return Cipher(SM4(key), ECB())
