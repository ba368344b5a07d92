"""Clips on disk: where they lie, what is written beside each, and which go when room is short.

A clip is `NAME.mp4`, `NAME.json` that says what it is of, and `NAME.jpg`, the picture of the moment
itself. One without its `.json` is none: the daemon died over it, and makes it again or drops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLIPS = "clips"
HELD = ".bundle-"
LEAST_FREE_MB = 256
"""What clips leave free on the disk: the store comes first (architecture §3.12)."""
_MB = 1024 * 1024
_PARTS = (".mp4", ".jpg", ".json")


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip that is there: its files, and what its sidecar says."""

    path: Path
    about: dict[str, Any]

    @property
    def files(self) -> list[Path]:
        """The files of this clip that are there."""
        return [one for part in _PARTS if (one := self.path.with_suffix(part)).exists()]

    def touches(self, begin: float, end: float) -> bool:
        """Say whether it shows any of [begin, end), UTC epoch seconds."""
        return bool(self.about["begin"] < end and self.about["end"] >= begin)


def clips_directory(state: Path) -> Path:
    """Give where the clips of a store lie."""
    return state / CLIPS


def write_sidecar(path: Path, about: dict[str, Any]) -> None:
    """Write what a clip is of. From then on it is one. Raises OSError."""
    aside = path.with_suffix(".json.part")
    with aside.open("w", encoding="utf-8") as file:
        json.dump(about, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path.with_suffix(".json"))


def read_clip(path: Path) -> Clip | None:
    """Give a clip, None where there is none, or half of one."""
    try:
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        whole = path.exists() and {"begin", "end", "at"} <= about.keys()
    except (OSError, ValueError, AttributeError):
        return None
    return Clip(path, about) if whole else None


def clips(directory: Path) -> list[Clip]:
    """Give all clips, oldest first."""
    found = (read_clip(path) for path in directory.glob("*.mp4"))
    return sorted((one for one in found if one), key=lambda one: float(one.about["at"]))


def drop_halves(directory: Path, camera: str) -> None:
    """Take away what a camera's process left behind when it was killed. Raises OSError."""
    for path in directory.glob(f"{camera}.*.part*"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def held(directory: Path) -> Iterator[Path]:
    """Give a folder beside the clips, for links to what a reader needs; it goes with the reader.

    Raises OSError.
    """
    with (
        tempfile.TemporaryDirectory(prefix=HELD, dir=directory) as folder,
        _locked(Path(folder)),
    ):
        yield Path(folder)


def drop_held(directory: Path, *, older_s: float = 60.0) -> None:
    """Take away what readers left that were killed: their links keep films nobody counts.

    A folder that is in use is locked; one that was just made is left alone. Raises OSError.
    """
    for folder in directory.glob(f"{HELD}*"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), _locked(folder):
            if not 0 <= time.time() - folder.stat().st_mtime < older_s:
                shutil.rmtree(folder)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder. Raises BlockingIOError where somebody has."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def make_room(
    directory: Path, budget_mb: int, *, keep: Callable[[Clip], bool] = lambda _: False
) -> list[str]:
    """Drop the oldest clips until the rest fits; gives the names of those that went.

    `keep` says of a clip that it must stay, whatever its age. Raises OSError.
    """
    there = clips(directory)
    used = sum(_size(one.files) for one in there)
    gone = []
    for clip in there:
        if used <= budget_mb * _MB and free_mb(directory) >= LEAST_FREE_MB:
            break
        if keep(clip):
            continue
        used -= _size(clip.files)
        for file in reversed(clip.files):  # the sidecar first: half a clip is none
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
        gone.append(clip.path.name)
    return gone


def free_mb(directory: Path) -> int:
    """Give what others than the superuser may still write there."""
    return shutil.disk_usage(directory).free // _MB


def _size(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_size
    return total
