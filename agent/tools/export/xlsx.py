"""Excel workbooks, written row by row with openpyxl (extra `export`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from agent.tools.export.row import Cell

SHEET_ROWS = 1_048_576
"""Rows a sheet can have; more rows go on in the next sheet."""


class XlsxWriter:
    """A workbook in openpyxl's write-only mode: rows go to a file at once, none is kept."""

    def __init__(
        self, path: Path, headings: Sequence[str], *, name: str, sheet_rows: int = SHEET_ROWS
    ) -> None:
        self._path, self._headings, self._name = path, headings, name
        self._sheet_rows = sheet_rows
        self._book = Workbook(write_only=True)
        self._sheets = 0
        self._begin()

    def row(self, cells: Sequence[Cell]) -> None:
        """Write one row."""
        if self._rows >= self._sheet_rows:
            self._begin()
        self._sheet.append([self._text(one) if isinstance(one, str) else one for one in cells])
        self._rows += 1

    def close(self) -> None:
        """Write the file. Raises OSError."""
        self._book.save(self._path)

    def _begin(self) -> None:
        self._sheets += 1
        title = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = "A2"
        self._sheet.append(list(self._headings))
        self._rows = 1

    def _text(self, value: str) -> WriteOnlyCell | str:
        """Give text that is never a formula, without what XML cannot carry."""
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
        if not value.startswith("="):
            return value
        cell = WriteOnlyCell(self._sheet, value)
        cell.data_type = "s"
        return cell
