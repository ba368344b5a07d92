"""Frames that are made before they may go: while the platform reads, the next ones are printed.

What goes out bears the credentials of the moment it goes: a frame made under another header, or of
a row that was changed since, is made again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.model import EVENT
from agent.store.outbox import Row
from agent.uplink.header import Header
from agent.uplink.heads import Written
from protocols.hj212.errors import LocalFrameError


class _Made(NamedTuple):
    header: Header
    row: Row
    resent: bool
    written: Written

    def fits(self, header: Header, row: Row, resent: bool) -> bool:
        """Say whether it would be made the same way now."""
        return self.header is header and self.row is row and self.resent == resent


@dataclass(slots=True)
class Ahead:
    """The frames of the rows that are to go next over one connection."""

    _made: dict[int, _Made] = field(default_factory=dict)

    def make(self, header: Header, rows: Iterable[tuple[Row, bool]]) -> None:
        """Make the frames of these rows, each with whether it is sent again; others are dropped.

        What cannot be said is left for the moment it is to go.
        """
        before, self._made = self._made, {}
        for row, resent in rows:
            made = before.get(row.id)
            if made is None or not made.fits(header, row, resent):
                made = _made(header, row, resent)
            if made is not None:
                self._made[row.id] = made

    def take(self, header: Header, row: Row, *, resent: bool) -> Written:
        """Give the frame of a row as it goes now. Raises LocalFrameError."""
        made = self._made.pop(row.id, None)
        if made is not None and made.fits(header, row, resent):
            return made.written
        return header.written(row, resent=resent)


def _made(header: Header, row: Row, resent: bool) -> _Made | None:
    if row.cn == EVENT:
        return None
    try:
        return _Made(header, row, resent, header.written(row, resent=resent))
    except LocalFrameError:
        return None
