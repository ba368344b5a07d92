"""Reads a camera's RTSP stream as it was encoded: one picture at a time, nothing decoded.

Every call of OpenCV has a time-out. It is named FFmpeg and TCP explicitly: with another backend
the time-outs do not hold, and over UDP pictures break.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

OPEN_MS = 5000
READ_MS = 5000
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = (
    f"rtsp_transport;tcp|allowed_media_types;video|timeout;{OPEN_MS * 1000}"
)
os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # its lines hold the address with the password
os.environ["OPENCV_LOG_LEVEL"] = "SILENT"

import cv2  # noqa: E402  # it reads the environment when it is loaded

from drivers.camera.ring import Form  # noqa: E402
from drivers.camera.units import shows_something  # noqa: E402

CODECS = {"h264": "avc1", "avc1": "avc1", "hevc": "hvc1", "hvc1": "hvc1", "hev1": "hvc1"}
"""What the stream is called, and what the same is called in an MP4 file."""


class StreamLost(Exception):
    """There is no stream, or no more of it; the text says which."""


class Stream:
    """An open stream. Raises StreamLost when there is none within `OPEN_MS`."""

    def __init__(self, url: str) -> None:
        wanted = (
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS),
            *(cv2.CAP_PROP_FORMAT, -1),  # as it came, not decoded
        )
        self._capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, wanted)
        if not self._capture.isOpened():
            raise StreamLost("no stream")
        if self._capture.get(cv2.CAP_PROP_FORMAT) != -1:
            raise StreamLost("this OpenCV gives no encoded pictures")
        self.form = self._form()

    def _form(self) -> Form:
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        name = code.to_bytes(4, "little").decode("ascii", "replace").lower()
        if name not in CODECS:
            raise StreamLost(f"H.264 or H.265 expected, found {name!r}")
        size = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        width, height = (int(self._capture.get(one)) for one in size)
        if width <= 0 or height <= 0:
            raise StreamLost("a picture without size")
        return Form(CODECS[name], width, height)

    def pictures(self) -> Iterator[tuple[float, bool, bytes]]:
        """Give stream time in seconds, whether a key frame, and the bytes of each picture.

        A picture may come in several packets of one time; one that was cut before its first slice
        is none. Raises StreamLost when there is nothing for `READ_MS`.
        """
        held: tuple[float, bool, bytes] | None = None
        while True:
            stream_s, key, data = self._packet()
            if held is not None and stream_s == held[0]:
                held = (stream_s, held[1] or key, held[2] + data)
                continue
            if held is not None and shows_something(held[2], self.form.codec):
                yield held
            held = (stream_s, key, data)

    def _packet(self) -> tuple[float, bool, bytes]:
        if not self._capture.grab():
            raise StreamLost("the stream ended")
        found, data = self._capture.retrieve()
        if not found:
            raise StreamLost("the stream gave an empty packet")
        key = bool(self._capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME))
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0, key, data.tobytes()

    def close(self) -> None:
        """Give the connection up."""
        self._capture.release()
