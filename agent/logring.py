"""The newest lines of the daemon's own log, in memory, for who diagnoses from afar."""

from __future__ import annotations

import logging
from collections import deque

KEPT = 2000
"""Lines that stay."""
LONGEST = 2000
"""Characters of one line; a traceback ends there."""


class LogRing(logging.Handler):
    """Keeps the newest lines; the oldest go."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._lines: deque[str] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(self.format(record)[:LONGEST])

    def newest(self, count: int) -> list[str]:
        """Give so many lines, oldest first."""
        return list(self._lines)[-count:]


RING = LogRing()
"""The ring of this process; the daemon hangs it in its log when it starts."""
