"""One daemon per store: a lock that the kernel gives back whatever way the process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from agent.errors import StoreError

FILE_NAME = "agent.lock"


@contextlib.contextmanager
def hold(directory: Path) -> Iterator[None]:
    """Hold the lock of a state directory.

    Raises `StoreError` when another process has it, or when the directory is not ours to use.
    """
    path = directory / FILE_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    try:
        if not _taken_soon(descriptor):
            raise StoreError(
                f"{directory}: 已有 paikou 在使用，请先停掉它，或用 paikou status 询问 / "
                f"is in use by another paikou (pid {_owner(descriptor)})"
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def held(directory: Path) -> bool:
    """Say whether a daemon runs on this state directory. One that is not ours to see counts."""
    try:
        descriptor = os.open(directory / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return True
    except OSError:
        return False
    try:
        return not _taken(descriptor)
    finally:
        os.close(descriptor)


def _taken_soon(descriptor: int) -> bool:
    """Take the lock; somebody who only looks at it has it for a moment."""
    for _ in range(10):
        if _taken(descriptor):
            return True
        time.sleep(0.02)
    return False


def _taken(descriptor: int) -> bool:
    """Take the lock if nobody has it; closing the descriptor gives it back."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
