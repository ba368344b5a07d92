"""Where measurements lay their files: on a disk, for what they measure waits for it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PLACE = "/var/tmp"
"""Survives a restart, so it is on a disk; `/tmp` is in memory on many machines."""
_IN_MEMORY = ("tmpfs", "ramfs")


def on_disk() -> tempfile.TemporaryDirectory[str]:
    """Give a folder that is removed at the end, below BENCH_DIR where that is set.

    Where it would lie in memory it says so and ends: waiting for the disk would cost nothing there.
    """
    place = Path(os.environ.get("BENCH_DIR") or PLACE).resolve()
    if _file_system(place) in _IN_MEMORY:
        raise SystemExit(f"{place} is in memory; set BENCH_DIR to a folder on a disk")
    return tempfile.TemporaryDirectory(prefix="paikou-bench-", dir=place)


def _file_system(place: Path) -> str:
    """Name the file system a folder lies on: that of the longest mount point above it."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(point, kind) for point, kind in mounts if place.is_relative_to(point)]
    return max(above, key=lambda mount: len(mount[0]))[1]
