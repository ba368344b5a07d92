"""Which rows of an outbox go out next: alarms, then live data, then backlog under a rate.

Rows are read ahead, many at a time, and handed out from memory. They are read anew when somebody
may have added to them or changed them, and when they are used up.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from agent.clock import Clock
from agent.model import EVENT
from agent.store import outbox
from agent.store.db import Store
from agent.store.outbox import Row
from agent.uplink.manners import Confirmation, Manners

LIVE_S = 60.0
"""A row that waited longer than this is backlog."""
AHEAD = 2048
"""Rows read at a time."""
PACKETS = 4
"""Rows of the backlog looked at for each that may go: of an upload one packet goes at a time."""
EVENTS_PASSED = 5000
"""Notices that may lie before a frame of the same urgency while notices rest."""

UploadKey = tuple[str, str, int, int]


@dataclass(slots=True)
class Picker:
    """Picks for one station over one connection. Times `at` are those of the event loop."""

    manners: Manners
    store: Store
    clock: Clock
    confirmation: Confirmation
    tokens: float = 1.0
    """Rows of the backlog that may go out now; below zero, they wait."""
    refilled_at: float = 0.0
    stale: bool = True
    """Whether the rows read ahead are to be read anew: set it where they may have changed."""
    _urgent: dict[int, Row] = field(default_factory=dict)
    """Alarms and live data that were read ahead, in the order they go."""
    _backlog: dict[int, Row] = field(default_factory=dict)
    _more: bool = False
    """Whether the store had more than was read."""
    _asked_only: bool = False
    """Whether of the backlog only what somebody asked for was read."""

    def begin(self, at: float) -> None:
        """Begin at random: after an outage of the platform every gateway would start at once."""
        wait_s = random.uniform(0, self.manners.send_window_s)
        self.tokens, self.refilled_at = -wait_s * self.manners.backlog_per_s, at

    async def pick(
        self,
        at: float,
        free: int,
        *,
        busy: Collection[Row],
        settling: Collection[int] = (),
        notices: bool,
    ) -> list[Row]:
        """Give at most `free` rows, each once, that are not under way.

        `settling` are rows whose end is known, and not written down yet. Without `notices` those
        rest.
        """
        self._refill(at)
        held = {upload(row) for row in busy if row.pnum > 1}
        rows = [] if self._old() else self._choose(free, held, notices=notices)
        if self._old() or (self._more and len(rows) < free and len(self._backlog) < AHEAD // 2):
            away = {row.id for row in (*busy, *rows)}.union(settling)
            behind = sum(row.pnum - row.pno for row in busy)
            await self._read(away, behind=behind, notices=notices)
            rows += self._choose(free - len(rows), held, notices=notices)
        return rows

    def ahead(self, count: int) -> Iterator[Row]:
        """Give the rows that go next, as far as they were read; they stay where they are."""
        both = itertools.chain(self._urgent.values(), self._backlog.values())
        return itertools.islice(both, count)

    def forget(self, number: int) -> None:
        """Leave out a row that has come to its end meanwhile."""
        self._urgent.pop(number, None)
        self._backlog.pop(number, None)

    def _old(self) -> bool:
        return self.stale or self._asked_only != self.confirmation.unconfirmed

    async def _read(self, away: Collection[int], *, behind: int, notices: bool) -> None:
        """Read ahead; `behind` packets may lie before all others, held back by those under way."""
        self.stale, self._asked_only = False, self.confirmation.unconfirmed
        most = int(max(1.0, self._rate)) * PACKETS
        limit = AHEAD if most >= AHEAD else min(AHEAD, most + behind)
        urgent, backlog = await self.store.read(self._job(away, limit, notices=notices))
        self._urgent = {row.id: row for row in urgent}
        self._backlog = {row.id: row for row in backlog}
        self._more = len(urgent) >= AHEAD or len(backlog) >= limit

    def _job(
        self, away: Collection[int], limit: int, *, notices: bool
    ) -> Callable[[sqlite3.Connection], tuple[list[Row], list[Row]]]:
        """Give what reads both lists as of one moment.

        A row that grows old, or is written to, between the two readings is in the first list only:
        in both it would be under way twice.
        """
        station, now, asked_only = self.manners.station, self.clock.now(), self._asked_only
        # while notices rest they stand in nobody's way
        most = AHEAD if notices else AHEAD + EVENTS_PASSED

        def read(connection: sqlite3.Connection) -> tuple[list[Row], list[Row]]:
            found = outbox.to_send(
                connection, station, now=now, live_s=LIVE_S, limit=most, busy=away
            )
            urgent = [row for row in found if notices or row.cn != EVENT][:AHEAD]
            backlog = outbox.backlog(
                connection,
                station,
                now=now,
                live_s=LIVE_S,
                limit=limit,
                busy={*away, *(row.id for row in urgent)},
                asked_only=asked_only,
            )
            return urgent, backlog

        return read

    def _choose(self, free: int, held: set[UploadKey], *, notices: bool) -> list[Row]:
        """Take rows from what was read; an unconfirmed platform gets each upload once."""
        chosen = _take(self._urgent, free, held, notices=notices)
        late = _take(
            self._backlog, min(free - len(chosen), int(self.tokens)), held, notices=notices
        )
        self.tokens -= len(late)
        return chosen + late

    @property
    def _rate(self) -> float:
        return self.manners.backlog_per_s * self.clock.speed

    def _refill(self, at: float) -> None:
        """Add to the rows of the backlog that may go out now."""
        rate = self._rate
        self.tokens = min(max(1.0, rate), self.tokens + (at - self.refilled_at) * rate)
        self.refilled_at = at


def upload(row: Row) -> UploadKey:
    """Name the upload that a packet is part of."""
    return row.cn, row.st, row.at, row.revision


def _take(rows: dict[int, Row], most: int, held: set[UploadKey], *, notices: bool) -> list[Row]:
    """Take rows out in their order; a later packet waits while an earlier one is under way.

    `held` are the uploads under way; those of the rows taken come to it.
    """
    chosen: list[Row] = []
    for row in rows.values() if most > 0 else ():
        if row.cn == EVENT and not notices:
            continue
        if row.pnum > 1:
            if upload(row) in held:
                continue
            held.add(upload(row))
        chosen.append(row)
        if len(chosen) >= most:
            break
    for row in chosen:
        del rows[row.id]
    return chosen
