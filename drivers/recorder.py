r"""A ring of raw frames on disk, one per line: what passed last, in a form that transcripts take.

    2026-03-19T02:00:00.125Z > 01 03 00 00 00 02 C4 0B
    2026-03-19T02:00:00.187Z < 01 03 04 00 00 42 12 4A 9E

Two files share the limit: the older one goes when the newer one is half of it. Frames are kept in
memory and written in pieces, which spares the disk; what was not written when the process dies is
lost. Passwords of HJ 212 frames are masked, so their check sums do not fit any more. Transcripts of
them are made in `drivers.transcripts`.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import re
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from drivers.device import Clock
from drivers.line import Record
from drivers.settings import AnyBus

LIMIT = 1_000_000
EVERY_S = 10.0
MOST_WAITING = 4000
"""Frames kept in memory at most; more than these lose the oldest, which is counted."""
MB = 1_000_000
_PASSWORD = re.compile(rb"(PW=)[^;&]*")
_OPEN = re.compile(rb"PW=[^;&]{0,64}\Z")
_END = re.compile(rb"[;&]")

_log = logging.getLogger(__name__)


class _Mask:
    """Masks passwords, also where one is cut by two pieces of a frame nobody asked for."""

    def __init__(self) -> None:
        self._direction = ""
        self._before = b""
        self._inside = False

    def masked(self, direction: str, data: bytes) -> bytes:
        """Give a piece without what follows `PW=`."""
        if direction != self._direction:
            self._direction, self._before, self._inside = direction, b"", False
        head = b""
        if self._inside:
            end = _END.search(data)
            head, data = b"***", data[end.start() :] if end else b""
            self._inside = end is None
        before, whole = self._before, self._before + data
        self._before = next((part for part in (b"PW", b"P") if whole.endswith(part)), b"")
        self._inside = self._inside or _OPEN.search(whole) is not None
        return head + _PASSWORD.sub(rb"\1***", whole)[len(before) :]


class FrameRing:
    """The last frames of one line, at most `limit` bytes of text."""

    def __init__(self, path: Path, clock: Clock, *, limit: int = LIMIT) -> None:
        self.path = path
        self.dropped = 0
        self._clock = clock
        self._limit = limit
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._mask = _Mask()

    @property
    def older(self) -> Path:
        """The file before this one."""
        return _older(self.path)

    def heard(self, direction: str, data: bytes) -> None:
        """Take a frame: ">" sent or "<" received. Never waits; fits `Bus(record=…)`."""
        if len(self._waiting) == MOST_WAITING:
            self.dropped += 1
        at = datetime.datetime.fromtimestamp(self._clock.now(), datetime.UTC)
        moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        masked = self._mask.masked(direction, data)
        self._waiting.append(f"{moment} {direction} {masked.hex(' ').upper()}\n")

    def flush(self) -> None:
        """Write what waits. Raises OSError, and what waited is lost then."""
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not lines:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(lines)[-self._limit // 2 :]
        with contextlib.suppress(FileNotFoundError):
            if self.path.stat().st_size + len(text) > self._limit // 2:
                self.path.replace(self.older)
        with self.path.open("a", encoding="ascii") as file:
            file.write(text)

    def lines(self) -> list[str]:
        """Give all that is kept, oldest first. Reads files: not for the event loop."""
        return recorded_lines(self.path.stem, self.path.parent)


@contextlib.asynccontextmanager
async def recording(ring: FrameRing, *, every_s: float = EVERY_S) -> AsyncIterator[FrameRing]:
    """Write the ring every few seconds while the block runs, and once at its end."""
    task = asyncio.create_task(_write(ring, every_s))
    try:
        yield ring
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.to_thread(_flush, ring)


async def _write(ring: FrameRing, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(_flush, ring)


def _flush(ring: FrameRing) -> None:
    try:
        ring.flush()
    except OSError as error:
        _log.warning("%s: frames are not recorded: %s", ring.path, error)


@contextlib.asynccontextmanager
async def recorded(settings: AnyBus, directory: Path, clock: Clock) -> AsyncIterator[Record | None]:
    """Record the frames of a bus in a file of its name, where its settings ask for that."""
    if settings.record is None:
        yield None
        return
    limit = round(settings.record.mb * MB)
    async with recording(FrameRing(_file(settings.id, directory), clock, limit=limit)) as ring:
        yield ring.heard


def recorded_lines(bus: str, directory: Path) -> list[str]:
    """Give what is kept of a line, oldest first; nothing where nothing was recorded."""
    path, kept = _file(bus, directory), []
    for one in (_older(path), path):
        with contextlib.suppress(FileNotFoundError):
            kept += one.read_text(encoding="ascii").splitlines()
    return kept


def _file(bus: str, directory: Path) -> Path:
    return directory / f"{bus}.txt"


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
