"""The clips of an interval, as they go into its bundle: film, picture of the moment, sidecar."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from agent.footage import clips, clips_directory, drop_held, held
from agent.tools.evidence.gather import Interval

FOLDER = "clips"
_CHUNK = 1 << 20


@contextlib.contextmanager
def clips_of(
    state: Path, interval: Interval, *, wanted: bool = True
) -> Iterator[dict[str, Callable[[], Iterator[bytes]]]]:
    """Give the files of the clips that show any of an interval, by their name in the bundle.

    They stay until the block ends, also when the daemon gives old clips up meanwhile.
    """
    there = clips_directory(state)
    if not wanted or not there.is_dir():
        yield {}
        return
    drop_held(there)
    with held(there) as folder:
        found: dict[str, Callable[[], Iterator[bytes]]] = {}
        for clip in clips(there):
            if not clip.touches(interval.begin, interval.end):
                continue
            for file in clip.files:
                kept = folder / file.name
                with contextlib.suppress(FileNotFoundError):
                    os.link(file, kept)
                    found[f"{FOLDER}/{file.name}"] = partial(_bytes, kept)
        yield found


def _bytes(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
