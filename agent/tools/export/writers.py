"""The formats of an export. Each takes row after row and keeps none of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import Protocol, TextIO

from agent.tools.export.row import Cell

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A table program takes text that begins like this for a formula."""


class Writer(Protocol):
    """Takes rows of cells in the order of the columns."""

    def row(self, cells: Sequence[Cell]) -> None:
        """Write one row."""

    def close(self) -> None:
        """Write what is left."""


class CsvWriter:
    """Comma separated, a heading first; nothing where there is no value."""

    def __init__(self, file: TextIO, headings: Sequence[str]) -> None:
        self._csv = csv.writer(file, lineterminator="\r\n")
        self._csv.writerow(headings)

    def row(self, cells: Sequence[Cell]) -> None:
        """Write one row; text that looks like a formula gets a ' in front."""
        self._csv.writerow([_cell(one) for one in cells])

    def close(self) -> None:
        """Nothing is left."""


class JsonLinesWriter:
    """One object a line, keyed by column."""

    def __init__(self, file: TextIO, columns: Sequence[str]) -> None:
        self._file, self._columns = file, columns

    def row(self, cells: Sequence[Cell]) -> None:
        """Write one line."""
        row = dict(zip(self._columns, cells, strict=True))
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Nothing is left."""


def _cell(value: Cell) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
