"""Marks as rows of an export: whole, with who proposed, decided and entered them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from agent.store import marks
from agent.tools.export.row import Cell, Row, Wanted
from agent.tools.words import local_time

_WINDOW_S = 31 * 86_400
"""Marks are read month by month."""


def mark_rows(
    connection: sqlite3.Connection, wanted: Wanted, outlets: Iterable[str]
) -> Iterator[Row]:
    """Give the marks of some outlets that touch the interval, in the order of time."""
    for outlet in outlets:
        window = int(wanted.start)
        while window < wanted.end:
            until = min(window + _WINDOW_S, int(-(-wanted.end // 1)))
            for kept in marks.listed(connection, outlet, window, until):
                begun_before = kept.record.start < window and window > int(wanted.start)
                if not begun_before and _about(wanted, kept):
                    yield _mark(kept)
            window = until


def _about(wanted: Wanted, kept: marks.Kept) -> bool:
    return not wanted.factors or any(map(kept.record.concerns, wanted.factors))


def _mark(kept: marks.Kept) -> Row:
    record = kept.record
    cells: dict[str, Cell] = {
        "start": local_time(record.start, "%Y-%m-%d %H:%M"),
        "last_minute": local_time(record.last, "%Y-%m-%d %H:%M"),
        "outlet": record.outlet,
        "facility": record.facility,
        "factor": ";".join(record.factors),
        "kind": record.kind.value,
        "code": record.code,
        "channel": record.channel.value,
        "state": record.state.value,
        "reason": record.reason,
        "proof": record.proof,
        "made_by": kept.made_by,
        "made_at": local_time(kept.made_at),
        "decided_by": kept.decided_by,
        "decided_at": local_time(kept.decided_at),
        "why": kept.why,
        "entered_by": kept.entered_by,
        "entered_at": local_time(kept.entered_at),
    }
    return Row(record.outlet, ";".join(record.factors), record.start, record.end, cells)
