"""The machine key and what lies under it: AES-256-GCM, one nonce a value.

This is the one module of the agent that knows `cryptography`; `credentials` loads it only when a
platform has set a secret. The key is a file of 32 bytes beside the store, 0600: whoever can read
it reads the secrets. It protects copies of the store, not the running machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.errors import StoreError

FILE_NAME = "machine.key"
KEY_BYTES = 32
NONCE_BYTES = 12


def machine_key(directory: Path) -> bytes:
    """Read the key of this machine, made at the first need.

    Raises StoreError when it is not to be had, or is open to others.
    """
    path = directory / FILE_NAME
    try:
        with contextlib.suppress(FileExistsError):
            _make(path)
        found = path.read_bytes()
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    if len(found) != KEY_BYTES:
        raise StoreError(f"{path}: {len(found)} bytes, {KEY_BYTES} expected")
    if mode & 0o077:
        raise StoreError(f"{path}: mode {mode:o}, 600 expected")
    return found


def _make(path: Path) -> None:
    """Write the key aside first: a power cut leaves the whole of it or nothing."""
    if path.exists():
        raise FileExistsError(path)
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(number, "wb") as file:  # noqa: PTH123 it takes the number, not the path
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def seal(key: bytes, text: str, *, place: str) -> bytes:
    """Encipher a text for the place it will lie at: moved elsewhere it does not open."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())


def open_sealed(key: bytes, sealed: bytes, *, place: str) -> str:
    """Decipher. Raises StoreError on another key, another place, or a changed byte."""
    nonce, cipher = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, cipher, place.encode()).decode()
    except (InvalidTag, ValueError):
        raise StoreError(f"credential {place}: does not open under this machine's key") from None


def mark(key: bytes, text: str, *, place: str) -> str:
    """Give what tells whether a text is the same again and says nothing of it without the key."""
    return hmac.new(key, f"{place}\0{text}".encode(), hashlib.sha256).hexdigest()
