"""Where bundles lie on this machine while they are on their way."""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = "bundles"


def folder(state: Path) -> Path:
    """Give the folder of the bundles of a store."""
    return state / FOLDER


def digest(path: Path) -> str:
    """Hash a file; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def part(path: Path, number: int, size: int) -> bytes:
    """Read part `number` of a file, counted from 1. Raises OSError."""
    with path.open("rb") as file:
        file.seek((number - 1) * size)
        return file.read(size)


def drop(path: Path) -> None:
    """Take a file away. Raises OSError."""
    path.unlink(missing_ok=True)
