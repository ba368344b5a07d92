"""CSV as somebody else wrote it: its columns by name, its times, and where it is wrong."""

from __future__ import annotations

import csv
import datetime
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agent.errors import PaikouError
from protocols.hj212.times import BEIJING_OFFSET_S

BEIJING = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
FIRST_YEAR, LAST_YEAR = 2000, 2099
"""A time outside of them is a clock that was never set, and no period can be made of it."""


class FileError(PaikouError):
    """A line of a file is wrong: which one, in which column, what was found, what is allowed.

    Without a column it is the line as a whole.
    """

    exit_code = 2

    def __init__(self, path: Path, line: int, column: str, *, found: str, allowed: str) -> None:
        place = f"{path}:{line}: {column + '：' if column else ''}"
        super().__init__(f"{place}现为 / found {found!r}；应为 / allowed {allowed}")
        self.line, self.column = line, column


def rows_of(
    path: Path,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    renamed: Mapping[str, str] = types.MappingProxyType({}),
) -> Iterator[tuple[int, list[str]]]:
    """Give these columns of a CSV file, wherever they stand in it, with the lines' numbers.

    What else a file has, as an export has, is not read. An optional column that is not there is
    empty; `renamed` says how else a column may be called. Raises FileError on what is no UTF-8, no
    CSV, lacks a column, or has a line that is not as long as the header.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        try:
            header = [renamed.get(name.strip(), name.strip()) for name in next(rows, ())]
            if any(header.count(name) != 1 for name in columns):
                raise FileError(
                    path, 1, "", found=",".join(header), allowed=",".join((*columns, *optional))
                )
            places = [header.index(name) if name in header else -1 for name in columns]
            places += [header.index(name) if name in header else -1 for name in optional]
            absent = [""] * (len(places) - len(header))
            plain = places == [*range(len(header)), *(-1 for _ in absent)]
            for row in rows:
                if row and len(row) != len(header):
                    raise FileError(
                        path, rows.line_num, "", found=",".join(row), allowed=",".join(header)
                    )
                if row:
                    picked = (
                        row + absent if plain else [row[at] if at >= 0 else "" for at in places]
                    )
                    yield rows.line_num, picked
        except (csv.Error, UnicodeDecodeError) as error:
            raise FileError(
                path, rows.line_num + 1, "", found=str(error), allowed="UTF-8 CSV"
            ) from error


def time_of(path: Path, line: int, column: str, *, text: str) -> float:
    """Give the instant that a line tells. Raises FileError."""
    try:
        return instant(text)
    except ValueError:
        allowed = f"2026-03-05T08:00:05（北京时间 / local time, UTC+8），{FIRST_YEAR}–{LAST_YEAR}"
        raise FileError(path, line, column, found=text, allowed=allowed) from None


def instant(text: str) -> float:
    """Give the UTC epoch seconds of a local ISO time; one with an offset is taken at its word.

    Raises ValueError on what is none, and on a year that no clock at an outlet can have told.
    """
    when = datetime.datetime.fromisoformat(text.strip())
    if not FIRST_YEAR <= when.year <= LAST_YEAR:
        raise ValueError(f"year {when.year}")
    return (when if when.tzinfo else when.replace(tzinfo=BEIJING)).timestamp()
