"""Photos of seals: copied into the state directory under their hash, so that none is replaced."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from agent.errors import PaikouError

FOLDER = "seals"
LARGEST = 20 * 1024 * 1024
KINDS = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it is kept: its name in the state directory, and its hash."""

    name: str
    sha256: str


def keep_photo(photo: Path, directory: Path) -> Photo:
    """Copy a photo into the state directory. Raises PaikouError when it is none or too large."""
    suffix = photo.suffix.lower()
    if suffix not in KINDS:
        raise PaikouError(f"{photo}: 应为 / allowed {', '.join(sorted(KINDS))}")
    try:
        if photo.stat().st_size > LARGEST:
            raise PaikouError(f"{photo}: 超过 / larger than {LARGEST // 1024 // 1024} MB")
        content = photo.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        folder = directory / FOLDER
        folder.mkdir(mode=0o750, exist_ok=True)
        target = folder / f"{digest}{suffix}"
        if not target.exists():
            part = target.with_suffix(".part")
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
    except OSError as error:
        raise PaikouError(f"{photo}: {error.strerror or error}") from error
    return Photo(f"{FOLDER}/{target.name}", digest)
