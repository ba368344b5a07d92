"""One film that somebody asked for: from the ring's pictures into a file, while they come."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.camera.film import Film, FilmError, view
from drivers.camera.ring import Picture, Ring

GAP_S = 2.0
"""Two pictures further apart than this are a gap of the film."""
GAPS = 20
PATIENCE_S = 15.0
"""How long after the end of a film its last pictures may still be on their way."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A film from `begin` to `end`, with a still of the moment `at`; all monotonic seconds."""

    number: int
    begin: float
    end: float
    at: float
    path: Path


@dataclass(slots=True)
class Recording:
    """A film on its way. `step` never waits for pictures."""

    wanted: Wanted
    _film: Film | None = None
    _still: Picture | None = None
    _gaps: list[tuple[float, float]] = field(default_factory=list)

    @property
    def after(self) -> int | None:
        """Number of the last picture that was taken; None before the first."""
        return self._film.last.number if self._film else None

    def choose(self, ring: Ring) -> list[Picture]:
        """Give the pictures to take now. Quick: the ring is locked meanwhile."""
        if self.after is not None:
            return list(ring.pictures(after=self.after))
        start = ring.start(self.wanted.begin)
        return [] if start is None else list(ring.pictures(after=start.number - 1))

    def step(self, pictures: Iterable[Picture], *, now: float) -> dict[str, Any] | None:
        """Take pictures in; gives the answer once the film is whole, or will never be."""
        try:
            over = any(not self._take(one) for one in pictures)
            if not over and now < self.wanted.end + PATIENCE_S:
                return None
            return self._finish()
        except (FilmError, OSError) as error:
            self.give_up()
            return self._no(str(error))

    def give_up(self) -> None:
        """Take away what was written."""
        if self._film is not None:
            with contextlib.suppress(FilmError):
                self._film.end()
        self._aside.unlink(missing_ok=True)

    @property
    def _aside(self) -> Path:
        return self.wanted.path.with_suffix(".part.mp4")

    def _take(self, picture: Picture) -> bool:
        """Take one picture; False when the film is over before it."""
        if picture.at > self.wanted.end:
            return False
        if self._film is None:
            self._film = Film(self._aside, picture)
        else:
            if picture.form != self._film.first.form:
                return False
            if picture.at - self._film.last.at > GAP_S:
                self._gaps.append((self._film.last.at, picture.at))
            self._film.add(picture)
        if picture.key and (self._still is None or picture.at <= self.wanted.at):
            self._still = picture
        return True

    def _finish(self) -> dict[str, Any]:
        film = self._film
        if film is None:
            return self._no("no picture of that time")
        film.end()
        still = self._write_still()
        digest = hashlib.sha256()
        with self._aside.open("r+b") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
            os.fsync(file.fileno())
        self._aside.replace(self.wanted.path)
        return {
            "clip": self.wanted.number,
            "ok": True,
            "begin": film.first.at,
            "end": film.last.at,
            "sha256": digest.hexdigest(),
            "bytes": self.wanted.path.stat().st_size,
            "gaps": self._gaps[:GAPS],
            "still": still,
        }

    def _write_still(self) -> dict[str, Any] | None:
        """Write the picture of the moment itself beside the film; a film without it is one, too."""
        if self._still is None:
            return None
        try:
            jpeg = view(self._still).jpeg
        except FilmError:
            return None
        path = self.wanted.path.with_suffix(".jpg")
        path.write_bytes(jpeg)
        return {"at": self._still.at, "sha256": hashlib.sha256(jpeg).hexdigest()}

    def _no(self, reason: str) -> dict[str, Any]:
        return {"clip": self.wanted.number, "ok": False, "reason": reason}
