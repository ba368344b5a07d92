"""The link that stands where the site file expects a serial port.

Beside it lies a hidden file that names our link's target and is locked while we play: numbers of
ptys are used again at once, so only this file tells the link of a simulator that was killed from
one of somebody else.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from agent.errors import PaikouError


class PortTaken(PaikouError):
    """The path of a line cannot be used: something of somebody else is there, or no right to it."""


class PortLink:
    """Our link at a path, from `make` to `remove`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._note = path.with_name(f".{path.name}.simulated")
        self._lock: int | None = None

    def make(self, target: str) -> None:
        """Point the path to a pty, making its folder where needed.

        The link that a killed simulator left is replaced. Raises `PortTaken` for anything else
        that is there already, and where we may not write.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            self._lock = self._locked_note()
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(target)
            os.pwrite(self._lock, target.encode(), 0)
            os.ftruncate(self._lock, len(target.encode()))
        except OSError as problem:
            self.remove()
            text = f"{self.path}: cannot make a simulated port here: {problem.strerror}"
            raise PortTaken(f"{text}; give the bus a port path you may write") from None

    def remove(self) -> None:
        """Remove our link and our note, and nothing that meanwhile took the link's place."""
        if self._lock is None:
            return
        if self._is_noted():
            self.path.unlink()
        self._note.unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None

    def _refuse_foreign(self) -> None:
        there = self.path.is_symlink() or self.path.exists()
        if there and not self._is_noted():
            what = _what(self.path)
            raise PortTaken(f"{self.path}: {what} is there; a simulated line never replaces it")

    def _locked_note(self) -> int:
        descriptor = os.open(self._note, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise PortTaken(f"{self.path}: another simulator plays this line") from None
        return descriptor

    def _is_noted(self) -> bool:
        """Say whether the link at the path is the one the note tells of."""
        try:
            return str(self.path.readlink()) == self._note.read_text(encoding="utf-8")
        except OSError:
            return False


def _what(path: Path) -> str:
    if path.is_symlink():
        return f"a link to {path.readlink()}"
    if path.is_char_device():
        return "a real device"
    return "a file"
