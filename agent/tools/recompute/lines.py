"""A file of samples line by line: what is right becomes a sample, what is wrong is named."""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from agent.errors import PaikouError
from agent.model import Cause, Sample
from protocols.hj212.times import BEIJING_OFFSET_S

COLUMNS = ("at", "outlet", "factor", "value", "flag")
LETTERS: Mapping[str, Cause] = {
    "N": Cause.NORMAL,
    "F": Cause.STOPPED,
    "D": Cause.FAULT,
    "B": Cause.NO_LINK,
    "M": Cause.MAINTENANCE,
    "C": Cause.CALIBRATION,
    "T": Cause.OVER_RANGE,
    "Td": Cause.PARAMETER,
    "S": Cause.MANUAL,
    "P": Cause.POWER,
}
"""Flags of the file: those of HJ 212-2017, Td of 2025 and P of HJ/T 212-2005."""

_BEIJING = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))

Known = Callable[[str, str], bool]
"""Whether a factor of an outlet is in the site file."""
Samples = Iterator[Sample]


class FileError(PaikouError):
    """A line of a file is wrong: which one, what was found, what is allowed."""

    exit_code = 2

    def __init__(self, path: Path, line: int, found: str, allowed: str) -> None:
        super().__init__(f"{path}:{line}: 现为 / found {found!r}；应为 / allowed {allowed}")
        self.line = line


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a file writes its times."""

    separator: str = "T"
    offset: bool = False

    def text(self, at: float) -> str:
        """Give a time as the file itself would write it."""
        when = datetime.datetime.fromtimestamp(at, _BEIJING)
        text = when.strftime(f"%Y-%m-%d{self.separator}%H:%M:%S")
        return f"{text}+08:00" if self.offset else text


def samples(path: Path, known: Known) -> Samples:
    """Give the samples of a file in its own order. Raises FileError on the first wrong line."""
    seen: set[tuple[str, str]] = set()
    text, at = "", 0.0
    for line, row in rows_of(path, (COLUMNS,)):
        when, outlet, factor, value, flag = row
        if when != text:
            text, at = when, time_of(path, line, when)
        if (outlet, factor) not in seen:
            if not known(outlet, factor):
                allowed = "站点文件里的排放口与因子 / an outlet and factor of the site file"
                raise FileError(path, line, f"{outlet},{factor}", allowed)
            seen.add((outlet, factor))
        cause = LETTERS.get(flag)
        if cause is None:
            raise FileError(path, line, flag, " ".join(LETTERS))
        yield Sample(outlet, factor, at, _value(path, line, value), cause)


def time_form(path: Path) -> TimeForm:
    """Give the form of the first time of a file of samples."""
    for line, (when, *_) in rows_of(path, (COLUMNS,)):
        time_of(path, line, when)
        parsed = datetime.datetime.fromisoformat(when.strip())
        return TimeForm(when.strip()[10:11] or "T", parsed.tzinfo is not None)
    return TimeForm()


def rows_of(path: Path, headers: tuple[tuple[str, ...], ...]) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of a CSV file that has one of these headers, with their line numbers.

    Raises FileError on what is no UTF-8, no CSV, or has not as many columns as its header.
    """
    with _opened(path) as file:
        rows = csv.reader(file)
        try:
            header = tuple(next(rows, ()))
            if header not in headers:
                raise FileError(path, 1, ",".join(header), ",".join(headers[-1]))
            for row in rows:
                if row and len(row) != len(header):
                    raise FileError(path, rows.line_num, ",".join(row), ",".join(header))
                if row:
                    yield rows.line_num, row
        except (csv.Error, UnicodeDecodeError) as error:
            raise FileError(path, rows.line_num + 1, str(error), "UTF-8 CSV") from error


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", newline="")


def _value(path: Path, line: int, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise FileError(path, line, text, "一个数，或为空 / a number, or nothing") from None
    if not math.isfinite(value):
        raise FileError(path, line, text, "一个有限的数 / a finite number")
    return value


def time_of(path: Path, line: int, text: str) -> float:
    """Give the instant that a line tells. Raises FileError."""
    try:
        return instant(text)
    except ValueError:
        allowed = "2026-03-05T08:00:05（北京时间 / local time, UTC+8）"
        raise FileError(path, line, text, allowed) from None


def instant(text: str) -> float:
    """Give the UTC epoch seconds of a local ISO time; one with an offset is taken at its word.

    Raises ValueError.
    """
    when = datetime.datetime.fromisoformat(text.strip())
    return (when if when.tzinfo else when.replace(tzinfo=_BEIJING)).timestamp()
