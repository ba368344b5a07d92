"""Writes encoded pictures into an MP4 file as they are, and makes one of them visible."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy

from drivers.camera.ring import Picture
from drivers.camera.scratch import scratch
from drivers.camera.sight import HIGH, WIDE

TICKS = 1000.0
"""Time base of a film: each picture has its own millisecond, so stalls stay visible as such."""
JPEG_QUALITY = 85

cv2.setNumThreads(1)


class FilmError(Exception):
    """A film could not be written, or a picture not be decoded."""


class Film:
    """An MP4 file in the making. All pictures have the form of the first, which is a key frame."""

    def __init__(self, path: Path, first: Picture) -> None:
        self.first, self.last = first, first
        self.bytes = 0
        self._path = path
        size = (first.form.width, first.form.height)
        code = cv2.VideoWriter.fourcc(*first.form.codec)
        raw = (cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1)
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, TICKS, size, raw)
        if not self._writer.isOpened():
            raise FilmError(f"{path.name} cannot be written")
        self.add(first)

    def add(self, picture: Picture) -> None:
        """Append a picture."""
        moment = round((picture.at - self.first.at) * TICKS)
        self._writer.set(cv2.VIDEOWRITER_PROP_KEY_FLAG, int(picture.key))
        self._writer.set(cv2.VIDEOWRITER_PROP_PTS, moment)
        # one row: from a flat array OpenCV writes a broken file without a word
        self._writer.write(numpy.frombuffer(picture.data, numpy.uint8).reshape(1, -1))
        self.last = picture
        self.bytes += len(picture.data)

    def end(self) -> None:
        """Finish the file. Raises FilmError when not all of it is there: the disk is full."""
        self._writer.release()
        there = self._path.stat().st_size if self._path.exists() else 0
        if there < self.bytes:
            raise FilmError(f"{there} of {self.bytes} bytes were written: no room")


@dataclass(frozen=True, slots=True)
class View:
    """One decoded picture: as JPEG, and small and grey for `sight`."""

    jpeg: bytes
    grey: bytes


def view(picture: Picture) -> View:
    """Decode one key frame. Raises FilmError."""
    try:
        return _shown(_decoded(picture))
    except cv2.error as error:
        raise FilmError(f"a picture that cannot be shown: {error.code}") from None


def _decoded(picture: Picture) -> cv2.typing.MatLike:
    with scratch() as path:
        film = Film(path, picture)
        film.end()
        reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, (cv2.CAP_PROP_N_THREADS, 1))
        try:
            found, pixels = reader.read()
        finally:
            reader.release()
    if not found:
        raise FilmError("a picture that cannot be decoded")
    return pixels


def _shown(pixels: cv2.typing.MatLike) -> View:
    made, jpeg = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    if not made:
        raise FilmError("no JPEG could be made")
    small = cv2.resize(pixels, (WIDE, HIGH), interpolation=cv2.INTER_AREA)
    return View(jpeg.tobytes(), cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).tobytes())
