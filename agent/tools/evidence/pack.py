"""The file of a bundle: a zip whose comment signs every byte before the signature.

    …zip…  end of central directory, whose comment is
    paikou-bundle-1 <key, 64 hex digits> <signature, 128 hex digits>

Signed is the SHA-256 of all bytes up to the signature, so that headers and the directory of the zip
cannot be changed either. The hex is in lower case, which leaves one way to write it.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MARK = b"paikou-bundle-1 "
SIGNATURE_HEX = 128
MANIFEST = "manifest.json"
_TAIL = re.compile(rb"paikou-bundle-1 ([0-9a-f]{64}) ([0-9a-f]{128})\Z")
_TAIL_BYTES = len(MARK) + 64 + 1 + SIGNATURE_HEX
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20

Chunks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a bundle: who signed, the signature, and the digest that it is of."""

    key: str
    signature: str
    digest: bytes


def write(
    path: Path,
    files: Mapping[str, Chunks],
    *,
    about: Mapping[str, object],
    key: str,
    sign: Callable[[bytes], str],
) -> None:
    """Write a bundle: the files in order, then the manifest with their hashes, then the signature.

    Nothing stands under the name until all of it is there. Raises OSError.
    """
    aside = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as packed:
            told = [_add(packed, name, chunks) for name, chunks in files.items()]
            text = json.dumps({**about, "files": told}, ensure_ascii=False, indent=1)
            packed.writestr(_entry(MANIFEST), text)
            packed.comment = MARK + key.encode() + b" " + b"0" * SIGNATURE_HEX
        with aside.open("r+b") as file:
            signature = sign(_digest(file))
            file.seek(-SIGNATURE_HEX, 2)
            file.write(signature.encode())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def tail(file: BinaryIO) -> Tail | None:
    """Read who signed a bundle; None where that is no bundle, or its end was touched."""
    size = file.seek(0, 2)
    if size < _TAIL_BYTES:
        return None
    file.seek(-_TAIL_BYTES, 2)
    found = _TAIL.match(file.read())
    if found is None:
        return None
    return Tail(found[1].decode(), found[2].decode(), _digest(file))


def _digest(file: BinaryIO) -> bytes:
    """Hash a bundle up to its signature."""
    left = file.seek(0, 2) - SIGNATURE_HEX
    file.seek(0)
    found = hashlib.sha256()
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        found.update(chunk)
        left -= len(chunk)
    return found.digest()


def _entry(name: str) -> zipfile.ZipInfo:
    # the same content makes the same file, whenever it is packed
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _add(packed: zipfile.ZipFile, name: str, chunks: Chunks) -> dict[str, object]:
    found, size = hashlib.sha256(), 0
    with packed.open(_entry(name), "w", force_zip64=True) as file:
        for chunk in chunks():
            found.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return {"name": name, "bytes": size, "sha256": found.hexdigest()}
