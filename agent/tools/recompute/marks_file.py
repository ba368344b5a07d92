"""A file of marks, as somebody exported or wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.model import Mark, MarkKind, MarkState
from agent.tools.recompute.lines import FileError, rows_of, time_of

COLUMNS = ("outlet", "factor", "kind", "code", "start", "end")


def marks(path: Path) -> list[Mark]:
    """Read a file of marks: minutes, the last one included (MARK-03). Raises FileError.

    `factor` may be empty (all of the outlet) or several with `;` between; a seventh column
    `state` may be there.
    """
    return [
        mark
        for line, row in rows_of(path, ((*COLUMNS, "state"), COLUMNS))
        for mark in _marks(path, line, row)
    ]


def _marks(path: Path, line: int, row: list[str]) -> Iterator[Mark]:
    outlet, factors, kind, code, start, end, *state = row
    first, last = time_of(path, line, start), time_of(path, line, end)
    if first % 60 or last % 60 or last < first:
        allowed = "整分钟，止不早于起 / whole minutes, the end not before the start"
        raise FileError(path, line, f"{start},{end}", allowed)
    try:
        family = MarkKind(kind)
        stated = MarkState(state[0]) if state and state[0] else MarkState.CONFIRMED
    except ValueError:
        allowed = " ".join([*MarkKind, *MarkState])
        raise FileError(path, line, ",".join([kind, *state]), allowed) from None
    for factor in factors.split(";"):
        yield Mark(outlet, factor or None, family, code, int(first), int(last) + 60, stated)
