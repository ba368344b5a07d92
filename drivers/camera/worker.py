"""The process of one camera: `python -m drivers.camera.worker`, started by `drivers.camera.child`.

In, one JSON line each: first the settings, then films that are wanted. Out: films that are ready,
and every second a beat, as long as no part hangs. It ends when standard input does.

    < {"url": "rtsp://…", "still": "…jpg", "learnt": "…", "look_s": 10, "ring_s": 75, "ring_mb": 96}
    < {"clip": 1, "begin": 100.0, "end": 160.0, "at": 110.0, "path": "…mp4"}
    > {"beat": 1, "sight": "good", "begin": 40.1, "end": 115.0, "pictures": 812, "bytes": 1234567}
    > {"clip": 1, "ok": true, "begin": 99.4, "end": 159.9, "sha256": "…", "bytes": 7654321, …}
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from drivers.camera.ring import Ring
from drivers.camera.scratch import sweep
from drivers.camera.sight import Eyes

NO_OPENCV = 3
"""Exit status of a process without OpenCV."""

try:
    from drivers.camera.threads import Camera
except ImportError:
    sys.exit(NO_OPENCV)

BEAT_S = 1.0
LINE_BYTES = 65_536


def _read_learnt(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _pipe() -> Callable[[dict[str, Any]], None]:
    """Take standard output for our own lines alone; a library that prints does so elsewhere."""
    out = os.dup(1)
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(told: dict[str, Any]) -> None:
        line = json.dumps(told).encode() + b"\n"
        with lock:
            while line:
                line = line[os.write(out, line) :]

    return say


def _listen(camera: Camera, rest: bytes) -> None:
    """Beat and hear until standard input ends."""
    number, next_beat = 0, time.monotonic()
    while True:
        ready, _, _ = select.select([0], [], [], max(0.0, next_beat - time.monotonic()))
        if ready:
            chunk = os.read(0, LINE_BYTES)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                camera.hear(line)
        if time.monotonic() >= next_beat:
            number, next_beat = number + 1, time.monotonic() + BEAT_S
            camera.beat(number)


def _first_line() -> tuple[bytes, bytes]:
    """Read up to the end of the first line; gives it, and what came behind it."""
    found = b""
    while b"\n" not in found:
        chunk = os.read(0, LINE_BYTES)
        if not chunk:
            break
        found += chunk
    line, _, rest = found.partition(b"\n")
    return line, rest


def main() -> NoReturn:
    """Run one camera until standard input ends."""
    say = _pipe()
    line, rest = _first_line()
    given = json.loads(line)
    learnt = Path(given["learnt"])
    sweep()
    camera = Camera(
        given["url"],
        Path(given["still"]),
        learnt,
        float(given["look_s"]),
        Ring(span_s=float(given["ring_s"]), limit_bytes=int(given["ring_mb"]) << 20),
        Eyes(_read_learnt(learnt)),
        say,
    )
    status = 0
    for part in (camera.capture, camera.look, camera.record):
        camera.alive[part.__name__] = time.monotonic()
        threading.Thread(target=_or_die, args=(part,), daemon=True).start()
    try:
        _listen(camera, rest)
    except (ValueError, KeyError, OSError):
        status = 1
    for film in camera.films:
        film.give_up()
    # a thread may hang in a library: nobody waits for it
    os._exit(status)


def _or_die(part: Callable[[], None]) -> None:
    """Run a part; without it the process is of no use, and its parent starts another."""
    try:
        part()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
