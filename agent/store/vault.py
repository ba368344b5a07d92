"""The machine key and what lies under it: AES-256-GCM, one nonce a value.

This is the one module of the agent that knows `cryptography`; `credentials` loads it only when a
platform has set a secret. The key is a file of 32 bytes beside the store, 0600: whoever can read
it reads the secrets. It protects copies of the store, not the running machine.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.errors import StoreError
from agent.store.key_file import read_or_make

FILE_NAME = "machine.key"
NONCE_BYTES = 12


def machine_key(directory: Path) -> bytes:
    """Read the key of this machine, made at the first need. Raises StoreError."""
    return read_or_make(directory / FILE_NAME)


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
