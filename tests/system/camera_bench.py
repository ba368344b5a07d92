"""A camera for tests: GStreamer's RTSP server as a child, and a line to it that can go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import HOST, free_port, until

from drivers.camera.child import CameraChild
from drivers.camera.told import Beat, CameraGone, CameraPlace

PYTHON = "/usr/bin/python3"
"""The system's own: `gi` comes from Debian packages."""
SCRIPT = Path(__file__).with_name("rtsp_server.py")
START_S = 60.0
FPS = 25


def require_rtsp_server() -> None:
    """Skip where GStreamer's RTSP server is not; fail under PAIKOU_REQUIRE_SYSTEM=1."""
    asked = (
        "import gi; gi.require_version('GstRtspServer', '1.0');"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
        "assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')"
    )
    try:
        ran = subprocess.run([PYTHON, "-c", asked], capture_output=True, timeout=60, check=False)
        there = ran.returncode == 0
    except FileNotFoundError:
        there = False
    if there:
        return
    reason = "GStreamer's RTSP server (python3-gi, gir1.2-gst-rtsp-server-1.0) is not installed"
    if os.environ.get("PAIKOU_REQUIRE_SYSTEM") == "1":
        pytest.fail(f"{reason}; PAIKOU_REQUIRE_SYSTEM=1 lets nothing be skipped")
    pytest.skip(reason)


@contextlib.asynccontextmanager
async def rtsp_server(port: int, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Serve rtsp://127.0.0.1:port/one; the picture is gone when the block ends."""
    process = await asyncio.create_subprocess_exec(
        PYTHON, str(SCRIPT), str(port), *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            assert (await process.stdout.readline()).strip() == b"ready"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@dataclass(slots=True)
class Line:
    """A TCP line to a server on loopback. `flows` cleared: it stalls; `garble`: so many bytes."""

    to: int
    port: int = field(default_factory=free_port)
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    garble: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Line]:
        self.flows.set()
        server = await asyncio.start_server(self._called, HOST, self.port)
        try:
            yield self
        finally:
            self.flows.set()
            server.close()
            self.cut()

    def cut(self) -> None:
        """End all connections."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.garble = 0  # a new connection is a good one
        try:
            upstream, to_server = await asyncio.open_connection(HOST, self.to)
        except OSError:
            writer.close()
            return
        self._writers.append(to_server)
        await asyncio.gather(
            self._carry(reader, to_server), self._carry(upstream, writer, back=True)
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                await self.flows.wait()
                if back and self.garble > 0:
                    data = bytes(255 - one for one in data)
                    self.garble -= len(data)
                writer.write(data)
                await writer.drain()
        writer.close()


@dataclass(slots=True)
class Watched:
    """A camera's process in a task, with what it said last."""

    child: CameraChild
    task: asyncio.Task[None]
    beats: list[Beat]

    @property
    def last(self) -> Beat:
        return self.beats[-1]

    async def holds(self, seconds: float) -> None:
        """Wait until its ring reaches that far."""
        await until(lambda: self._reach() >= seconds, within_s=120)

    async def goes_on(self) -> None:
        """Wait until new pictures come in, and more than a few."""
        have = self.last.pictures
        await until(lambda: self.last.pictures > have + FPS, within_s=120)

    def _reach(self) -> float:
        if not self.beats or self.last.begin is None or self.last.end is None:
            return 0.0
        return self.last.end - self.last.begin


@contextlib.asynccontextmanager
async def watched(
    directory: Path, port: int, *, silent_s: float = 12.0, look_s: float = 1.0
) -> AsyncIterator[Watched]:
    """Run a camera's process on a server; it is gone when the block ends."""
    beats: list[Beat] = []
    url = f"rtsp://{HOST}:{port}/one"
    place = CameraPlace("yard", url, directory / "yard.jpg", directory / "learnt", look_s=look_s)
    child = CameraChild(place, on_beat=beats.append, silent_s=silent_s)
    task = asyncio.create_task(child.run())
    try:
        yield Watched(child, task, beats)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, CameraGone):
            await task


def pictures_of(path: Path) -> list[tuple[float, Any]]:
    """Decode a film: the moment of each picture in seconds, and the picture."""
    import cv2

    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        return list(_decoded(reader))
    finally:
        reader.release()


def _decoded(reader: Any) -> Iterator[tuple[float, Any]]:
    import cv2

    while True:
        found, pixels = reader.read()
        if not found:
            return
        yield reader.get(cv2.CAP_PROP_POS_MSEC) / 1000, pixels


def now() -> float:
    return time.monotonic()
