"""A file of samples line by line: what is right becomes a sample, what is wrong is named."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.model import Cause, Sample
from agent.tools.recompute.csv_rows import BEIJING, FileError, rows_of, time_of

COLUMNS = ("at", "outlet", "factor", "value", "flag")
RENAMED: Mapping[str, str] = {"sampled_at": "at"}
"""How an export calls the time of a result."""
TOTAL = ":total"
"""What a flow's code ends with where a line tells its meter's counter, in m3."""
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
NAMED = "站点文件里的排放口与因子 / an outlet and factor of the site file"
_DATE = len("2026-03-05")

Known = Callable[[str, str], bool]
"""Whether a factor of an outlet is in the site file."""
Samples = Iterator[Sample]


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a file writes its times."""

    separator: str = "T"
    offset: bool = False

    def text(self, at: float) -> str:
        """Give a time as the file itself would write it."""
        when = datetime.datetime.fromtimestamp(at, BEIJING)
        text = when.strftime(f"%Y-%m-%d{self.separator}%H:%M:%S")
        return f"{text}+08:00" if self.offset else text


def samples(path: Path, known: Known) -> Samples:
    """Give the samples of a file in its own order. Raises FileError on the first wrong line."""
    seen: set[tuple[str, str]] = set()
    text, at = "", 0.0
    for line, row in rows_of(path, COLUMNS, optional=("total",), renamed=RENAMED):
        when, outlet, factor, value, flag, total = row
        if when != text:
            text, at = when, time_of(path, line, "at", text=when)
        if (outlet, factor) not in seen:
            if not known(outlet, factor):
                raise FileError(
                    path, line, "outlet,factor", found=f"{outlet},{factor}", allowed=NAMED
                )
            seen.add((outlet, factor))
        cause = LETTERS.get(flag)
        if cause is None:
            raise FileError(path, line, "flag", found=flag, allowed=" ".join(LETTERS))
        yield Sample(outlet, factor, at, _value(path, line, "value", text=value), cause)
        if total and known(outlet, factor + TOTAL):
            counter = _value(path, line, "total", text=total)
            yield Sample(outlet, factor + TOTAL, at, counter, Cause.NORMAL)


def time_form(path: Path) -> TimeForm:
    """Give the form of the first time of a file of samples."""
    for line, (when, *_) in rows_of(path, COLUMNS, renamed=RENAMED):
        time_of(path, line, "at", text=when)
        text, parsed = when.strip(), datetime.datetime.fromisoformat(when.strip())
        extended = text[4:5] == "-" and len(text) > _DATE
        return TimeForm(text[_DATE] if extended else "T", parsed.tzinfo is not None)
    return TimeForm()


def _value(path: Path, line: int, column: str, *, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # Python reads 1_000 and digits of other scripts as numbers; a file of samples has none
    if not math.isfinite(value) or "_" in text or not text.isascii():
        allowed = "一个有限的数，或为空 / a finite number, or nothing"
        raise FileError(path, line, column, found=text, allowed=allowed)
    return value
