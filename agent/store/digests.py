"""What each local day came to, per station, outlet and kind: to be compared with the platform's.

The hash is over the texts that were sent and not refused: the data areas between the `&&` marks,
by DataTime, revision and packet, each with a line feed behind it. A platform makes the same of
what it holds: the header with QN and password is no part of it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass

ACKNOWLEDGED = "accepted"
UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Digest:
    """One day of one kind; numbers of uploads, a split one counts once.

    `due` counts periods, `sent` what went out and was not refused; `acknowledged` and
    `unconfirmed` are parts of it.
    """

    day: int
    station: str
    outlet: str
    kind: str
    due: int
    sent: int
    acknowledged: int
    unconfirmed: int
    sha256: str

    @property
    def whole(self) -> bool:
        """Say whether nothing more can come to it."""
        return self.acknowledged >= self.due


@dataclass(frozen=True, slots=True)
class Told:
    """What was sent of one command code under one system code in a span of DataTimes."""

    sent: int
    acknowledged: int
    unconfirmed: int
    sha256: str


def told(
    connection: sqlite3.Connection, station: str, cn: str, st: str, *, first: int, end: int
) -> Told:
    """Sum up what the outbox holds of a span."""
    states: dict[tuple[int, int], set[str]] = {}
    texts = hashlib.sha256()
    for at, revision, state, body in connection.execute(
        "SELECT at, revision, state, body FROM outbox WHERE station = ? AND cn = ? AND st = ?"
        " AND at >= ? AND at < ? ORDER BY at, revision, pno",
        (station, cn, st, first, end),
    ):
        states.setdefault((at, revision), set()).add(state)
        if state in (ACKNOWLEDGED, UNCONFIRMED):
            texts.update(body.encode() + b"\n")
    ended = [one for one in states.values() if one <= {ACKNOWLEDGED, UNCONFIRMED}]
    unconfirmed = sum(UNCONFIRMED in one for one in ended)
    return Told(len(ended), len(ended) - unconfirmed, unconfirmed, texts.hexdigest())


def put(connection: sqlite3.Connection, digest: Digest, *, now: float) -> None:
    """Store a digest in the place of an earlier one."""
    connection.execute(
        "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*astuple(digest), now),
    )


def of_day(connection: sqlite3.Connection, day: int, station: str) -> list[Digest]:
    """Give what was stored of one station's day."""
    rows = connection.execute(
        "SELECT day, station, outlet, kind, due, sent, acknowledged, unconfirmed, sha256"
        " FROM digests WHERE day = ? AND station = ? ORDER BY outlet, kind",
        (day, station),
    )
    return [Digest(*row) for row in rows]


def open_days(connection: sqlite3.Connection, station: str, days: Collection[int]) -> Iterator[int]:
    """Give those of these days that are not stored yet, or not all acknowledged."""
    for day in sorted(days):
        found = of_day(connection, day, station)
        if not found or not all(one.whole for one in found):
            yield day
