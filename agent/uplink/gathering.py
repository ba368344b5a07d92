"""A socket that reads ahead, and gathers what is to be written.

paho reads a packet in three steps and writes each by itself. A call of the system apiece costs more
than all that paho does with it, and at each one the other threads may take the turn.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

AHEAD = 64 * 1024
"""Bytes read at a time."""
GATHERED = 256 * 1024
"""Bytes that may wait to be written before no more is taken."""

_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class GatheringLine:
    """What paho takes for a socket: its `recv` and `send` never meet the network.

    Whoever has the event loop calls `fill` when there is something to read, and `write_out`.
    """

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._read = b""
        self._at = 0
        self._end: OSError | None = None
        self._ended = False
        self._gathered = bytearray()

    def fill(self) -> None:
        """Read what has come, without waiting; what ended the connection stands behind it."""
        try:
            data = self.line.recv(AHEAD)
        except _NOT_NOW:
            return
        except OSError as error:
            self._failed(error)
            return
        self._read, self._at = self._read[self._at :] + data, 0
        self._ended = self._ended or not data

    def recv(self, size: int) -> bytes:
        """Give at most so many of the bytes that were read; none where they have ended.

        Raises OSError: what broke the connection, or BlockingIOError.
        """
        data = self._read[self._at : self._at + size]
        self._at += len(data)
        if data or (self._ended and self._end is None):
            return data
        raise self._end or BlockingIOError

    @property
    def readable(self) -> bool:
        """Say whether `recv` has something to tell."""
        return self._at < len(self._read) or self._ended

    @property
    def held(self) -> bool:
        """Say whether TLS holds more than was read, which no selector sees."""
        return isinstance(self.line, ssl.SSLSocket) and self.line.pending() > 0

    def send(self, data: bytes | bytearray) -> int:
        """Take bytes to be written, all of them. Raises BlockingIOError where too many wait."""
        if len(self._gathered) > GATHERED:
            raise BlockingIOError
        self._gathered += data
        return len(data)

    def write_out(self) -> None:
        """Write as much as the peer takes, without waiting; that it failed is told by `recv`."""
        try:
            while self._gathered:
                del self._gathered[: self.line.send(self._gathered)]
        except _NOT_NOW:
            return
        except OSError as error:
            self._failed(error)

    @property
    def waiting(self) -> bool:
        """Say whether something is still to be written."""
        return bool(self._gathered)

    def fileno(self) -> int:
        """Give the number a selector knows it by."""
        return self.line.fileno()

    def setblocking(self, flag: bool) -> None:
        """Have `fill` and `write_out` wait, or not."""
        self.line.setblocking(flag)

    def close(self) -> None:
        """Write what goes at once, and close."""
        self.write_out()
        with contextlib.suppress(OSError):
            self.line.close()

    def _failed(self, error: OSError) -> None:
        self._end, self._ended = error.with_traceback(None), True
        self._gathered.clear()
