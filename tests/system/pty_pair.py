"""Two ptys joined by a thread: a null-modem cable between two programs."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty


class PtyPair:
    """`left` and `right` are the names of the two ends."""

    def __init__(self) -> None:
        self._stop_read, self._stop_write = os.pipe()
        self._masters: list[int] = []
        self._slaves: list[int] = []
        self._thread = threading.Thread(target=self._relay, daemon=True)
        for _ in range(2):
            master, slave = pty.openpty()
            tty.setraw(slave)
            self._masters.append(master)
            # Held open, so that the cable stays whole while nobody listens at an end.
            self._slaves.append(slave)
        self.left, self.right = (os.ttyname(slave) for slave in self._slaves)

    def __enter__(self) -> PtyPair:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_write, b"x")
        self._thread.join(10)
        for descriptor in (*self._masters, *self._slaves, self._stop_read, self._stop_write):
            os.close(descriptor)

    def _relay(self) -> None:
        left, right = self._masters
        other = {left: right, right: left}
        while True:
            ready, _, _ = select.select([left, right, self._stop_read], [], [])
            if self._stop_read in ready:
                return
            for end in ready:
                os.write(other[end], os.read(end, 4096))
