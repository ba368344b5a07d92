"""A file of marks, as somebody exported or wrote them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from agent.model import Mark, MarkKind, MarkState
from agent.tools.recompute.csv_rows import FileError, rows_of, time_of
from agent.tools.recompute.lines import NAMED

COLUMNS = ("outlet", "factor", "kind", "code", "start", "end")
_RENAMED = {"last_minute": "end"}
"""As `paikou export --what marks --lang en` names it."""

Named = Mapping[str, Collection[str]]
"""The factors of each outlet of the site file."""


def marks(path: Path, named: Named) -> list[Mark]:
    """Read a file of marks: minutes, the last one included (MARK-03). Raises FileError.

    `factor` may be empty (all of the outlet) or several with `;` between; a column `state` may be
    there. A mark on what the site does not have would be without effect, so it is refused.
    """
    return [
        mark
        for line, row in rows_of(path, COLUMNS, optional=("state",), renamed=_RENAMED)
        for mark in _marks(path, line, row, named=named)
    ]


def _marks(path: Path, line: int, row: list[str], *, named: Named) -> Iterator[Mark]:
    outlet, factors, kind, code, start, end, state = row
    first = time_of(path, line, "start", text=start)
    last = time_of(path, line, "end", text=end)
    if first % 60 or last % 60 or last < first:
        allowed = "整分钟，止不早于起 / whole minutes, the end not before the start"
        raise FileError(path, line, "start,end", found=f"{start},{end}", allowed=allowed)
    if kind not in set(MarkKind):
        raise FileError(path, line, "kind", found=kind, allowed=" ".join(MarkKind))
    if state and state not in set(MarkState):
        raise FileError(path, line, "state", found=state, allowed=" ".join(MarkState))
    stated = MarkState(state) if state else MarkState.CONFIRMED
    for factor in factors.split(";"):
        if outlet not in named or (factor and factor not in named[outlet]):
            raise FileError(path, line, "outlet,factor", found=f"{outlet},{factor}", allowed=NAMED)
        yield Mark(outlet, factor or None, MarkKind(kind), code, int(first), int(last) + 60, stated)
