"""The threads of a camera's process: capture, look, record; and a beat while none of them hangs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.camera.film import FilmError, view
from drivers.camera.opening import Opening, Placed
from drivers.camera.recording import Recording, Wanted
from drivers.camera.ring import Form, Picture, Ring
from drivers.camera.sight import Eyes
from drivers.camera.stream import Stream, StreamLost

HUNG_S = 20.0
"""No call may take that long: each has a shorter time-out, so this one hangs."""
OFFLINE_S = 15.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
AT_ONCE = 16
"""Films in the making; more are refused."""


@dataclass(slots=True)
class Camera:
    """What the threads share: the ring under its lock, and when each of them was last alive."""

    url: str
    still: Path
    learnt: Path
    look_s: float
    ring: Ring
    eyes: Eyes
    say: Callable[[dict[str, Any]], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    alive: dict[str, float] = field(default_factory=dict)
    films: list[Recording] = field(default_factory=list)
    pictures: int = 0
    last_at: float = field(default_factory=time.monotonic)

    def capture(self) -> None:
        """Fill the ring, for ever; reconnect with longer and longer pauses."""
        pause_s = FIRST_PAUSE_S
        while True:
            before = self.pictures
            with contextlib.suppress(StreamLost):
                self._read()
            pause_s = FIRST_PAUSE_S if self.pictures - before > 1 else 2 * pause_s
            self._rest("capture", min(pause_s, LONGEST_PAUSE_S))

    def _read(self) -> None:
        self._live("capture")
        stream, opening = Stream(self.url), Opening()
        try:
            self._live("capture")
            for stream_s, key, data in stream.pictures():
                self._live("capture")
                self._take(
                    opening.take(stream_s, time.monotonic(), key=key, data=data), stream.form
                )
        finally:
            self._live("capture")
            self._take(opening.rest(), stream.form)
            stream.close()

    def _take(self, placed: Iterable[Placed], form: Form) -> None:
        with self.lock:
            for at, key, data in placed:
                self.pictures += 1
                self.last_at = time.monotonic()
                self.ring.add(Picture(self.pictures, at, key, data, form))

    def look(self) -> None:
        """Refresh the still and judge what is seen, for ever."""
        seen = -1
        while True:
            self._live("look")
            with self.lock:
                newest = self.ring.newest_key
            if time.monotonic() - self.last_at > OFFLINE_S:
                self.eyes.lost()
            elif newest is not None and newest.number != seen:
                seen = newest.number
                with contextlib.suppress(FilmError, OSError):
                    self._see(newest)
            self._rest("look", self.look_s)

    def _see(self, picture: Picture) -> None:
        shown = view(picture)
        digest = hashlib.sha256(shown.jpeg).hexdigest()
        if self.eyes.look(shown.grey, digest, at=picture.at):
            _replace(self.learnt, shown.grey)
        _replace(self.still, shown.jpeg)

    def record(self) -> None:
        """Write the films that are wanted, for ever."""
        while True:
            self._rest("record", 0.25)
            for film in list(self.films):
                self._live("record")
                with self.lock:
                    pictures = film.choose(self.ring)
                answer = film.step(pictures, now=time.monotonic())
                if answer is not None:
                    self.films.remove(film)
                    self.say(answer)

    def hear(self, line: bytes) -> None:
        """Take a wish for a film. Raises ValueError, KeyError for a line that is none."""
        asked = json.loads(line)
        begin, end, at = (float(asked[key]) for key in ("begin", "end", "at"))
        wanted = Wanted(int(asked["clip"]), begin, end, at, Path(asked["path"]))
        if len(self.films) >= AT_ONCE:
            reason = f"{AT_ONCE} films are in the making"
            self.say({"clip": wanted.number, "ok": False, "reason": reason})
            return
        self.films.append(Recording(wanted))

    def beat(self, number: int) -> None:
        """Say that all is well, when it is."""
        if time.monotonic() - min(self.alive.values()) > HUNG_S:
            return
        with self.lock:
            begin, end = self.ring.reach or (None, None)
            size = self.ring.size
        told: dict[str, Any] = {"beat": number, "sight": self.eyes.state, "begin": begin}
        told |= {"end": end, "pictures": self.pictures, "bytes": size}
        self.say(told)

    def _live(self, part: str) -> None:
        self.alive[part] = time.monotonic()

    def _rest(self, part: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._live(part)
            time.sleep(min(left, 1.0))
        self._live(part)


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(path.name + ".part")
    aside.write_bytes(content)
    aside.replace(path)
