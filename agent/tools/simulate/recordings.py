"""Recorded measurements of real plants, as rows that can be played at any pace."""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import dataclass

from agent.settings.config import config_directory


@dataclass(frozen=True, slots=True)
class Recording:
    """One column of one file: the rows that have a number, in order, and their range."""

    rows: tuple[float, ...]
    low: float
    high: float

    def at(self, position: float) -> float:
        """Give the value between two rows; behind the last row the first comes again."""
        whole = math.floor(position)
        before = self.rows[whole % len(self.rows)]
        after = self.rows[(whole + 1) % len(self.rows)]
        return before + (after - before) * (position - whole)


@functools.cache
def recording(file: str, column: str) -> Recording:
    """Read one column of a file of `config/recordings`; cells without a number are left out.

    Raises FileNotFoundError and KeyError: both mean a broken installation.
    """
    path = config_directory() / "recordings" / file
    with path.open(encoding="utf-8", newline="") as text:
        cells = [row[column] for row in csv.DictReader(text)]
    rows = tuple(float(cell) for cell in cells if cell.strip())
    return Recording(rows, min(rows), max(rows))
