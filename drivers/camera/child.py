"""The daemon's side of a camera: its process, what it says, and the films that are asked of it.

A process that says nothing for `SILENT_S` is killed. Nothing of it can stop the daemon: lines are
bounded, answers are awaited with a deadline, and its memory is its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drivers.camera.told import Beat, CameraGone, CameraPlace, FilmMade, NoFilm, beat, film_made

SILENT_S = 12.0
START_S = 40.0
"""Until the first beat: loading OpenCV takes seconds on a small machine."""
STOP_S = 3.0
GRACE_S = 40.0
"""How long after its end a film may take: last pictures, still, hash, disk."""
LINE_LIMIT = 65_536
RING_S = 75
RING_MB = 96
NO_OPENCV = 3

_ENVIRON = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")


class CameraChild:
    """One process of one camera. `run` ends with CameraGone; begin another then."""

    def __init__(
        self,
        place: CameraPlace,
        *,
        on_beat: Callable[[Beat], None] = lambda _: None,
        silent_s: float = SILENT_S,
    ) -> None:
        self._place, self._on_beat, self._silent_s = place, on_beat, silent_s
        self._process: asyncio.subprocess.Process | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[FilmMade]] = {}
        self.last: Beat | None = None

    @property
    def pid(self) -> int | None:
        """The process, None when there is none."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Have the process at work until it fails. Raises CameraGone; whatever ends it, it ends."""
        process = await self._start()
        self._process = process
        reason = "stopped"
        try:
            await self._hear(process)
        except CameraGone as gone:
            reason = str(gone)
            raise
        finally:
            # one that never came so far as to say a word has nothing to finish
            stop_s = STOP_S if self.last is not None else 0.0
            self._process, self.last = None, None
            for asked in self._asked.values():
                if not asked.done():
                    asked.set_exception(CameraGone(reason))
            self._asked.clear()
            await asyncio.shield(_end(process, stop_s))

    async def film(self, begin: float, end: float, *, at: float, path: Path) -> FilmMade:
        """Have a film made. Several at once are fine.

        Raises CameraGone when the process is not there or goes, NoFilm when there are no pictures.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise CameraGone("no process")
        number = next(self._numbers)
        asked: asyncio.Future[FilmMade] = asyncio.get_running_loop().create_future()
        self._asked[number] = asked
        wish = {"clip": number, "begin": begin, "end": end, "at": at, "path": str(path)}
        patience_s = max(0.0, end - time.monotonic()) + GRACE_S
        try:
            async with asyncio.timeout(patience_s):
                process.stdin.write(json.dumps(wish).encode() + b"\n")
                await process.stdin.drain()
                return await asked
        except TimeoutError:
            raise NoFilm(f"no answer {GRACE_S:.0f} s after its end") from None
        except ConnectionError:
            raise CameraGone("its pipe is closed") from None
        finally:
            self._asked.pop(number, None)
            if not asked.cancel() and not asked.cancelled():
                asked.exception()  # it came together with another end, which was told

    async def _start(self) -> asyncio.subprocess.Process:
        setpriv = shutil.which("setpriv")
        dies_with_us = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        try:
            process = await asyncio.create_subprocess_exec(
                *dies_with_us,
                *(sys.executable, "-m", "drivers.camera.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # FFmpeg's lines may hold the password
                env=_environment(),
                limit=LINE_LIMIT,
                start_new_session=True,
            )
        except OSError as error:
            raise CameraGone(f"cannot be started: {error.strerror}") from None
        place = self._place
        given: dict[str, object] = {"url": place.address, "still": str(place.still)}
        given["learnt"] = str(place.learnt)
        given |= {"look_s": place.look_s, "ring_s": RING_S, "ring_mb": RING_MB}
        assert process.stdin is not None
        process.stdin.write(json.dumps(given).encode() + b"\n")
        return process

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        patience_s = START_S
        while True:
            try:
                async with asyncio.timeout(patience_s):
                    line = await process.stdout.readline()
            except TimeoutError:
                raise CameraGone(f"silent for {patience_s:.0f} s") from None
            except ValueError:
                raise CameraGone("a line without end") from None
            if not line:
                raise CameraGone(await _last_words(process))
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                raise CameraGone("a line that is none of ours") from None
            if self.last is not None:
                patience_s = self._silent_s

    def _take(self, told: Mapping[str, Any]) -> None:
        """Take a line in. Raises KeyError, ValueError, TypeError for one that is none of ours."""
        if "beat" in told:
            self.last = beat(told)
            self._on_beat(self.last)
            return
        asked = self._asked.get(told["clip"])
        if asked is None or asked.done():  # whoever asked does not wait any more
            return
        try:
            asked.set_result(film_made(told))
        except NoFilm as none:
            asked.set_exception(none)


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Say how a process ended that closed its pipe."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_S):
            await process.wait()
    if process.returncode == NO_OPENCV:
        return "OpenCV is not installed: pip install 'paikou[video]'"
    return f"ended with {process.returncode}"


async def _end(process: asyncio.subprocess.Process, stop_s: float) -> None:
    """Let a process end by closing its input, else kill it; a stopped one hears nothing."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(stop_s):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """Give the process what it needs, and none of the daemon's credentials."""
    ours = str(Path(__file__).resolve().parents[2])
    found = {name: os.environ[name] for name in _ENVIRON if name in os.environ}
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, found.get("PYTHONPATH"))))
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {**found, **dict.fromkeys(threads, "1")}
