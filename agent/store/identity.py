"""The key that this agent signs with, Ed25519: made on the first start, its public half told.

Who holds the file can sign as this agent. The signature shows that a digest or a bundle comes from
here and was not touched since; that the agent itself is the released one it cannot show.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.store.key_file import read_or_make

FILE_NAME = "identity.key"


def public_key(directory: Path) -> str:
    """Give the public half, 64 hex digits. Raises StoreError."""
    return _key(directory).public_key().public_bytes_raw().hex()


def sign(directory: Path, data: bytes) -> str:
    """Sign with this agent's key; gives 128 hex digits. Raises StoreError."""
    return _key(directory).sign(data).hex()


def signed_by(public: str, data: bytes, signature: str) -> bool:
    """Say whether a signature fits. Anything that is no key or no signature does not."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature), data
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _key(directory: Path) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(read_or_make(directory / FILE_NAME))
