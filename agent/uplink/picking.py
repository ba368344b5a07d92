"""Which rows of an outbox go out next: alarms, then live data, then backlog under a rate."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from agent.clock import Clock
from agent.model import EVENT
from agent.store import outbox
from agent.store.db import Store
from agent.store.outbox import Row
from agent.uplink.manners import Confirmation, Manners

LIVE_S = 60.0
"""A row that waited longer than this is backlog."""
PACKETS = 4
"""Rows of the backlog looked at for each that may go: of an upload one packet goes at a time."""
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
        self,
        at: float,
        free: int,
        *,
        busy: Mapping[int, Row],
        settling: Collection[int] = (),
        notices: bool,
    ) -> list[Row]:
        """Give at most `free` rows, each once, that are not under way.

        `settling` are rows whose end is known, and not written down yet. Without `notices` those
        rest.
        """
        most, away = self._allowed(at), {*busy, *settling}
        behind = sum(row.pnum - row.pno for row in busy.values())
        job = self._job(free, most, away, behind=behind, notices=notices)
        rows, backlog = await self.store.read(job)
        chosen = _in_packet_order(rows, busy.values())
        late = _in_packet_order(backlog, [*busy.values(), *chosen])
        late = late[: min(free - len(chosen), most)]
        self.tokens -= len(late)
        return chosen + late

    def _job(
        self, free: int, most: int, away: Collection[int], *, behind: int, notices: bool
    ) -> Callable[[sqlite3.Connection], tuple[list[Row], list[Row]]]:
        """Give what reads both lists as of one moment.

        `behind` packets may lie before all others, held back by those under way.
        A row that grows old, or is written to, between the two readings is in the first list only:
        in both it would be under way twice.
        """
        station, now = self.manners.station, self.clock.now()
        # an unconfirmed platform gets each upload once, and backlog only when somebody asks
        asked = self.confirmation.unconfirmed
        # while notices rest they stand in nobody's way
        limit = free if notices else free + EVENTS_PASSED

        def read(connection: sqlite3.Connection) -> tuple[list[Row], list[Row]]:
            found = outbox.to_send(
                connection, station, now=now, live_s=LIVE_S, limit=limit, busy=away
            )
            due = [row for row in found if notices or row.cn != EVENT][:free]
            left = min(free - len(due), most)
            if left <= 0:
                return due, []
            backlog = outbox.backlog(
                connection,
                station,
                now=now,
                live_s=LIVE_S,
                limit=behind + left * PACKETS,
                busy={*away, *(row.id for row in due)},
                asked_only=asked,
            )
            return due, backlog

        return read

    def _allowed(self, at: float) -> int:
        """Give how many rows of the backlog may go out now."""
        rate = self.manners.backlog_per_s * self.clock.speed
        self.tokens = min(max(1.0, rate), self.tokens + (at - self.refilled_at) * rate)
        self.refilled_at = at
        return int(self.tokens)


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
