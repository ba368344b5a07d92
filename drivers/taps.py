"""Who listens to the frames of a line: a recorder, and whoever follows one unit for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from drivers.line import Record

Frames = list[tuple[str, bytes]]


class Taps:
    """Gives every frame to the recorder, and those of one unit to those who asked for it."""

    def __init__(self, record: Record | None) -> None:
        self._record = record
        self._taps: list[tuple[int, Frames]] = []

    @contextlib.contextmanager
    def tap(self, unit: int) -> Iterator[Frames]:
        """Collect the frames of one unit's exchanges while the block runs."""
        entry: tuple[int, Frames] = (unit, [])
        self._taps.append(entry)
        try:
            yield entry[1]
        finally:
            self._taps.remove(entry)

    def heard(self, direction: str, data: bytes, *, unit: int) -> None:
        """Pass a frame on; `unit` is whose turn it was."""
        if self._record:
            self._record(direction, data)
        for wanted, frames in self._taps:
            if wanted == unit:
                frames.append((direction, data))
