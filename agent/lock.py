"""One daemon per store: a lock that the kernel gives back whatever way the process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from agent.errors import StoreError

FILE_NAME = "agent.lock"


@contextlib.contextmanager
def hold(directory: Path) -> Iterator[None]:
    """Hold the lock of a state directory. Raises `StoreError` when another process has it."""
    path = directory / FILE_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(
                f"{directory} is in use by another paikou (pid {owner}); "
                "stop it first, or ask it: paikou status"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def held(directory: Path) -> bool:
    """Say whether a daemon runs on this state directory."""
    try:
        with hold(directory):
            return False
    except StoreError:
        return True
    except OSError:
        return False
