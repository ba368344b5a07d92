"""`--by condition`: rows grouped by the confirmed conditions that touch them (停运, 启炉 …).

One reading finds which groups there are, then each group is read for itself: memory stays flat
whatever the interval, and time grows with the number of groups.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from agent.model import Mark, MarkKind
from agent.store import marks
from agent.tools.export.row import Row

NONE: Mapping[str, str] = {"zh": "正常工况", "en": "none"}
Spans = Mapping[str, Sequence[Mark]]


def spans(
    connection: sqlite3.Connection, outlets: Iterable[str], start: float, end: float
) -> Spans:
    """Give the confirmed conditions of each outlet that touch the interval."""
    return {
        outlet: [
            one
            for one in marks.between(connection, int(start), int(-(-end // 1)), outlet=outlet)
            if one.kind is MarkKind.CONDITION
        ]
        for outlet in sorted(set(outlets))
    }


def condition(row: Row, found: Spans) -> str:
    """Give the names of the conditions a row touches, each once; '' where there is none."""
    factors = row.factor.split(";")
    names = {
        one.code
        for one in found.get(row.outlet, ())
        if one.start < max(row.end, row.start + 1)
        and one.end > row.start
        and (one.factor is None or one.factor in factors)
    }
    return "+".join(sorted(names))


def grouped(rows: Callable[[], Iterator[Row]], found: Spans, *, none: str) -> Iterator[Row]:
    """Give the rows group by group, those without any condition first."""
    groups = [""]
    if any(found.values()):
        groups = sorted({condition(row, found) for row in rows()})
    for group in groups:
        for row in rows():
            if condition(row, found) == group:
                yield replace(row, cells={"condition": group or none, **row.cells})
