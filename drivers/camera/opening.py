"""The first pictures of a stream, which come in a burst and are older than their arrival says.

To get to know a stream its reader takes in seconds of it before it hands the first picture on.
Placed by when they came, all of these would lie at the moment of the last: up to five seconds late,
one millisecond apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.camera.ring import Timeline

PACE = 0.5
"""Pictures whose arrivals are closer than this share of their stream times are of a burst."""
MOST_HELD = 300

Placed = tuple[float, bool, bytes]
"""Monotonic seconds, whether a key frame, and the bytes."""


class Opening:
    """Holds pictures back until one comes at its own pace; its delay is then that of all."""

    def __init__(self) -> None:
        self._line = Timeline()
        self._held: list[tuple[float, float, bool, bytes]] = []
        self._over = False

    def take(self, stream_s: float, arrived: float, *, key: bool, data: bytes) -> Iterator[Placed]:
        """Give what can be placed now, oldest first."""
        if self._over:
            yield self._line.place(stream_s, arrived), key, data
            return
        hurried = not self._held or self._in_burst(stream_s, arrived)
        self._held.append((stream_s, arrived, key, data))
        if not hurried or len(self._held) >= MOST_HELD:
            yield from self.rest()

    def rest(self) -> Iterator[Placed]:
        """Give what is still held: the stream has settled, or ended before it did."""
        self._over = True
        held, self._held = self._held, []
        if held:
            offset = min(arrived - stream_s for stream_s, arrived, _, _ in held)
            for stream_s, _, key, data in held:
                yield self._line.place(stream_s, stream_s + offset), key, data

    def _in_burst(self, stream_s: float, arrived: float) -> bool:
        before_s, before, _, _ = self._held[-1]
        return arrived - before < PACE * (stream_s - before_s)
