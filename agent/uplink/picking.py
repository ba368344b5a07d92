"""Which rows of an outbox go out next: alarms, then live data, then backlog under a rate."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.clock import Clock
from agent.model import EVENT
from agent.store import outbox
from agent.store.db import Store
from agent.store.outbox import Row
from agent.uplink.manners import Confirmation, Manners

LIVE_S = 60.0
"""A row that waited longer than this is backlog."""
EVENTS_PASSED = 5000
"""Notices that may lie before a frame of the same urgency while notices rest."""


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

    def begin(self, at: float) -> None:
        """Begin at random: after an outage of the platform every gateway would start at once."""
        wait_s = random.uniform(0, self.manners.send_window_s)
        self.tokens, self.refilled_at = -wait_s * self.manners.backlog_per_s, at

    async def pick(
        self, at: float, free: int, *, busy: Mapping[int, Row], notices: bool
    ) -> list[Row]:
        """Give at most `free` rows that are not under way; without `notices` those rest."""
        rows = await self._due(free, busy, notices=notices)
        backlog = await self._backlog(at, free - len(rows), busy)
        chosen = _in_packet_order(rows + backlog, busy.values())
        self.tokens -= sum(row in backlog for row in chosen)
        return chosen

    async def _due(self, free: int, busy: Mapping[int, Row], *, notices: bool) -> list[Row]:
        """Give alarms and live rows; while notices rest they stand in nobody's way."""
        limit = free if notices else free + EVENTS_PASSED
        station, now = self.manners.station, self.clock.now()
        rows = await self.store.read(
            lambda connection: outbox.to_send(
                connection, station, now=now, live_s=LIVE_S, limit=limit, busy=busy
            )
        )
        return [row for row in rows if notices or row.cn != EVENT][:free]

    async def _backlog(self, at: float, free: int, busy: Mapping[int, Row]) -> list[Row]:
        rate = self.manners.backlog_per_s * self.clock.speed
        self.tokens = min(max(1.0, rate), self.tokens + (at - self.refilled_at) * rate)
        self.refilled_at = at
        limit = min(free, int(self.tokens))
        if limit <= 0:
            return []
        station, now = self.manners.station, self.clock.now()
        # an unconfirmed platform gets each upload once, and backlog only when somebody asks
        asked = self.confirmation.unconfirmed
        return await self.store.read(
            lambda connection: outbox.backlog(
                connection,
                station,
                now=now,
                live_s=LIVE_S,
                limit=limit,
                busy=busy,
                asked_only=asked,
            )
        )


def _in_packet_order(rows: Iterable[Row], busy: Iterable[Row]) -> list[Row]:
    """Hold back a later packet of an upload while an earlier one is under way.

    `busy` is what was left out of `rows`: an earlier packet that was kept meanwhile counts, too.
    """
    under_way = {_upload(row) for row in busy if row.pnum > 1}
    chosen = []
    for row in rows:
        if row.pnum > 1:
            if _upload(row) in under_way:
                continue
            under_way.add(_upload(row))
        chosen.append(row)
    return chosen


def _upload(row: Row) -> tuple[str, str, int, int]:
    return row.cn, row.st, row.at, row.revision
