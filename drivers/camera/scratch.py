"""A file in memory for a moment, and the end of those that a killed process left there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
_PREFIX = "paikou-"


@contextmanager
def scratch(memory: Path = MEMORY) -> Iterator[Path]:
    """Give a file name in memory where there is such a place: stills would wear the flash."""
    place = str(memory) if memory.is_dir() else None
    prefix = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place) as directory:
        yield Path(directory) / "one.mp4"


def sweep(memory: Path = MEMORY) -> None:
    """Remove what processes that live no more left in memory: one that hangs is killed."""
    for one in memory.glob(f"{_PREFIX}*-*"):
        owner = one.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            shutil.rmtree(one, ignore_errors=True)
