"""A Modbus RTU slave of our own on a pty, in a thread: it answers as each test tells it to.

It shares no code with the driver under test: CRC and frames are written out again here.
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


def crc(data: bytes) -> bytes:
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes((value & 0xFF, value >> 8))


def framed(*body: int) -> bytes:
    data = bytes(body)
    return data + crc(data)


def registers_frame(unit: int, function: int, *registers: int) -> bytes:
    data = b"".join(register.to_bytes(2, "big") for register in registers)
    return framed(unit, function, len(data), *data)


class RtuSlave:
    """Serves one pty behind a symbolic link, the way a converter sits behind its by-path name."""

    def __init__(self, link: Path, behaviour: Behaviour) -> None:
        self.link = link
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        self._stop_read, self._stop_write = os.pipe()
        self._master = -1
        self._thread: threading.Thread | None = None

    def plug_in(self) -> None:
        """Make a pty and point the link at it."""
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._thread = threading.Thread(target=self._serve, args=(self._master,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Close the master: the other end reads EIO, as it does when a converter is pulled."""
        os.write(self._stop_write, b"x")
        if self._thread:
            self._thread.join(10)
            self._thread = None
        self.link.unlink(missing_ok=True)

    def close(self) -> None:
        if self._thread:
            self.unplug()
        os.close(self._stop_read)
        os.close(self._stop_write)

    def __enter__(self) -> RtuSlave:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, master: int) -> None:
        buffer = b""
        try:
            while True:
                if self._stopped(master, timeout_s=None):
                    return
                try:
                    buffer += os.read(master, 4096)
                except OSError:
                    # Nobody has the other end open yet.
                    if self._stopped(timeout_s=0.002):
                        return
                    continue
                while request := _request(buffer):
                    buffer = buffer[len(request) :]
                    self.requests.append(request)
                    for delay_s, data in self.behaviour(request):
                        if delay_s and self._stopped(timeout_s=delay_s):
                            return
                        os.write(master, data)
        finally:
            os.close(master)

    def _stopped(self, *others: int, timeout_s: float | None) -> bool:
        ready, _, _ = select.select([self._stop_read, *others], [], [], timeout_s)
        if self._stop_read in ready:
            os.read(self._stop_read, 1)
            return True
        return False


def _request(buffer: bytes) -> bytes:
    """Cut the first whole request off; bytes that are none are a mistake of the test."""
    if len(buffer) < 8:
        return b""
    size = 9 + buffer[6] if buffer[1] == 16 else 8
    request = buffer[:size]
    if len(request) == size and crc(request[:-2]) != request[-2:]:
        raise AssertionError(f"a broken request came: {request.hex(' ')}")
    return request if len(request) == size else b""
