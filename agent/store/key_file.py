"""Secret bytes in a file of this machine alone: 0600, made at the first need, never half."""

from __future__ import annotations

import os
from pathlib import Path

from agent.errors import StoreError

KEY_BYTES = 32


def read_or_make(path: Path) -> bytes:
    """Read a key, made at the first need.

    Raises StoreError when it is not to be had, is not whole, or is open to others.
    """
    try:
        if not path.exists():
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
