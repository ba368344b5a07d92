"""Wire time: local time UTC+8 without zone, whatever zone the host is in."""

from __future__ import annotations

import datetime
import functools

BEIJING_OFFSET_S = 8 * 3600
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))


def wire_time(at: float) -> str:
    """Print UTC epoch seconds as `YYYYMMDDhhmmss`."""
    return _printed(int(at // 1))


@functools.lru_cache(maxsize=1024)  # a frame's number is printed some times on its way
def _printed(at: int) -> str:
    when = datetime.datetime.fromtimestamp(at, _ZONE)
    date = f"{when.year:04d}{when.month:02d}{when.day:02d}"
    return f"{date}{when.hour:02d}{when.minute:02d}{when.second:02d}"


def wire_qn(at_ms: int) -> str:
    """Print UTC epoch milliseconds as the 17 digits of a QN."""
    return f"{_printed(at_ms // 1000)}{at_ms % 1000:03d}"


def parse_wire_time(text: str) -> float:
    """Read `YYYYMMDDhhmmss` or, with milliseconds, 17 digits as UTC epoch seconds.

    Raises ValueError on anything else.
    """
    if len(text) not in (14, 17) or not text.isascii() or not text.isdigit():
        raise ValueError(f"time {text!r}: 14 or 17 digits expected")
    moment = datetime.datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=_ZONE)
    return moment.timestamp() + int(text[14:] or 0) / 1000
