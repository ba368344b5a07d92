"""Times as people type them: at the outlet (UTC+8), or so long ago."""

from __future__ import annotations

import datetime
import re
from typing import Any

import click

from protocols.hj212.times import BEIJING_OFFSET_S, parse_wire_time

_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}")
DAY_S = 86_400


_SPAN = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|min|h|d)")


class Span(click.ParamType[float]):
    """How long: `90m`, `2h`, `1d`; seconds."""

    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it, or fail with what is allowed."""
        if isinstance(value, float):
            return value
        found = _SPAN.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r}：应为 / 90m, 2h or 1d expected", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


class Age(float):
    """A moment that was typed as an age: the wall's, and how many seconds ago it was."""

    seconds: int


class Moment(click.ParamType[float]):
    """A day, a time of day, 14 digits, or an age like `90m`; UTC epoch seconds.

    With `closing` a day alone means its end.
    """

    name = "time"

    def __init__(self, *, closing: bool = False) -> None:
        self._closing = closing

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it, or fail with what is allowed."""
        if not isinstance(value, str):
            return value
        try:
            return _read(value.strip(), closing=self._closing)
        except ValueError:
            allowed = "2026-06-10, '2026-06-10 10:00', 20260610100000, 30m, 2h, 3d"
            self.fail(f"{value!r}：应为 / one of these forms expected: {allowed}", param, ctx)


def _read(text: str, *, closing: bool) -> float:
    ago = _AGO.fullmatch(text)
    if ago is not None:
        seconds = int(ago[1]) * _SECONDS[ago[2]]
        age = Age(datetime.datetime.now(_ZONE).timestamp() - seconds)
        age.seconds = seconds
        return age
    if text.isascii() and text.isdigit() and len(text) != 8:
        return parse_wire_time(text)
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_ZONE)
    return moment.timestamp() + (DAY_S if closing and _DAY.fullmatch(text) else 0)
