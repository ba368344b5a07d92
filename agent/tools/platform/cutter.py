"""Cuts a byte stream into frames by their length field alone, and keeps every byte.

The platform's own, beside `protocols.hj212.frame.Framer`: what the agent's reader forgives must be
seen here, and two readers that agree are worth more than one. What is no frame is given out too,
for the check to refuse.
"""

from __future__ import annotations

_HEADER, _TAIL = b"##", b"\r\n"
_AT, _AROUND = 6, 12  # bytes before the segment; before and behind it
MOST_RUBBISH = 4096


class Cutter:
    """Cut one connection's stream. Holds at most one frame and the piece just fed."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take more bytes in; give the frames and the rubbish now whole, in stream order."""
        self._buffer += data
        found: list[bytes] = []
        while (size := self._whole()) > 0:
            found.append(self._buffer[:size])
            self._buffer = self._buffer[size:]
        return found

    def flush(self) -> list[bytes]:
        """Give what is left: the line is idle or closed."""
        left, self._buffer = self._buffer, b""
        return [left] if left else []

    def _whole(self) -> int:
        """Say how many bytes in front belong together; 0 while that takes more."""
        buffer = self._buffer
        at = buffer.find(_HEADER)
        if at != 0:
            if at < 0 and len(buffer) < MOST_RUBBISH:
                return 0
            return at if at > 0 else len(buffer)
        if len(buffer) < _AT:
            return 0
        digits = buffer[2:_AT]
        if not digits.isdigit():
            return self._next()
        size = int(digits) + _AROUND
        if len(buffer) < size:
            return 0
        if buffer[:size].endswith(_TAIL):
            return size
        short = size - len(_TAIL)
        return short if buffer[short : short + 2] == _HEADER else self._next()

    def _next(self) -> int:
        """Give the way to the next header, or behind the next tail, whichever is nearer."""
        ends = (self._buffer.find(_HEADER, 1), self._buffer.find(_TAIL) + len(_TAIL))
        near = [end for end in ends if end > 1]
        return min(near) if near else len(self._buffer)
