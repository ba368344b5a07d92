"""The platform's memory: one JSON line per frame received, appended and flushed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self

from agent.errors import StoreError
from agent.tools.platform.ledger import Entry


class FrameStore:
    """A file of JSON lines. A last line that was cut off by a crash is cut away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Open for appending. Raises `StoreError` where that is not allowed."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
            os.truncate(self.path, _whole_bytes(self.path))
        except OSError as problem:
            raise StoreError(f"{self.path}: {problem.strerror}") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, entry: Entry) -> None:
        """Write one entry and hand it to the system before returning. Raises `StoreError`."""
        if self._file is None:
            raise StoreError(f"{self.path}: not open")
        line = json.dumps(entry.as_json(), ensure_ascii=False)
        try:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
        except OSError as problem:
            raise StoreError(f"{self.path}: {problem.strerror}") from None

    def frames(self) -> Iterator[dict[str, Any]]:
        """Give the lines written so far, oldest first. Raises `StoreError` on anything else."""
        try:
            lines = self.path.open(encoding="utf-8")
        except OSError as problem:
            raise StoreError(f"{self.path}: {problem.strerror}") from None
        with lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield json.loads(line)
                except ValueError:
                    raise StoreError(
                        f"{self.path}:{number}: 不是 JSON 行 / not a JSON line"
                    ) from None


def _whole_bytes(path: Path) -> int:
    """Count the bytes up to and with the last line end."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65_536)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                return start + at + 1
            end = start
    return 0
