"""The device side of any protocol on a pty: it waits for whole questions and answers as told.

It shares no code with the driver: what it says are recorded bytes.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Callable, Iterable
from pathlib import Path

Delayed = tuple[float, bytes]
"""Seconds to wait, then bytes to send."""
Behaviour = Callable[[bytes], Iterable[Delayed]]


class FramePeer:
    """Serves one pty behind a symbolic link. `questions` are the bytes it knows as whole ones."""

    def __init__(self, link: Path, questions: Iterable[bytes], behaviour: Behaviour) -> None:
        self.link = link
        self.behaviour = behaviour
        self.asked: list[bytes] = []
        self._questions = list(questions)
        self._stop_read, self._stop_write = os.pipe()
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        link.symlink_to(os.ttyname(slave))
        self._slave = slave
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> FramePeer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_write, b"x")
        self._thread.join(10)
        for descriptor in (self._master, self._slave, self._stop_read, self._stop_write):
            os.close(descriptor)

    def say(self, data: bytes) -> None:
        """Speak unasked."""
        os.write(self._master, data)

    def _serve(self) -> None:
        buffer = b""
        while True:
            ready, _, _ = select.select([self._master, self._stop_read], [], [])
            if self._stop_read in ready:
                return
            buffer += os.read(self._master, 4096)
            question = next((one for one in self._questions if buffer.endswith(one)), None)
            if question is None:
                continue
            buffer = b""
            self.asked.append(question)
            for delay_s, data in self.behaviour(question):
                if delay_s and select.select([self._stop_read], [], [], delay_s)[0]:
                    return
                os.write(self._master, data)
