"""What was counted of a station's link before the daemon was last started."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """The counters of one link at `saved_at` (UTC). `months`: bytes sent and received."""

    saved_at: float
    for_s: float
    linked_s: float
    linked: int
    """1 when it was connected at that time."""
    drops: int
    last_return_s: float | None
    longest_return_s: float | None
    accepted: int
    rejected: int
    kept: int
    refused: int
    months: Mapping[str, tuple[int, int]] = field(default_factory=dict)


_COLUMNS = (
    "saved_at, for_s, linked_s, linked, drops, last_return_s, longest_return_s, accepted,"
    " rejected, kept, refused"
)


def load(connection: sqlite3.Connection, station: str) -> LinkCounts | None:
    """Give what was saved; None for a station that is new."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM link_counts WHERE station = ?", (station,)
    ).fetchone()
    if row is None:
        return None
    months = connection.execute(
        "SELECT month, sent, received FROM link_bytes WHERE station = ? ORDER BY month", (station,)
    )
    bytes_ = {month: (sent, received) for month, sent, received in months}
    return replace(LinkCounts(*row), months=bytes_)


def save(connection: sqlite3.Connection, station: str, counts: LinkCounts) -> None:
    """Put the counters in the place of those before; months that are not given are over."""
    connection.execute(
        f"INSERT OR REPLACE INTO link_counts (station, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            station,
            counts.saved_at,
            counts.for_s,
            counts.linked_s,
            counts.linked,
            counts.drops,
            counts.last_return_s,
            counts.longest_return_s,
            counts.accepted,
            counts.rejected,
            counts.kept,
            counts.refused,
        ),
    )
    oldest = min(counts.months, default="")
    connection.execute("DELETE FROM link_bytes WHERE station = ? AND month < ?", (station, oldest))
    connection.executemany(
        "INSERT OR REPLACE INTO link_bytes VALUES (?, ?, ?, ?)",
        [(station, month, *bytes_) for month, bytes_ in counts.months.items()],
    )
