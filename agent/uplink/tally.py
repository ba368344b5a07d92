"""What is counted of one station's link: for health, status, acceptance. It outlives the daemon.

Times are the clock's own monotonic seconds, so that a step of the wall clock adds nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from agent.store.link_counts import LinkCounts
from agent.uplink.link import Outcome, Traffic
from protocols.hj212.times import BEIJING_OFFSET_S

MONTHS = 13


@dataclass(frozen=True, slots=True)
class Counts:
    """A look at the counters; shares are 0…1 and None before there is anything to share."""

    for_s: float
    online_rate: float | None
    drops: int
    last_return_s: float | None
    longest_return_s: float | None
    frames_ended: int
    frame_success: float | None
    refused: int
    sent_bytes: int
    received_bytes: int
    month: str


@dataclass(slots=True)
class Tally:
    """Counters of one station. `began_at` and every `at` are monotonic."""

    began_at: float
    drops: int = 0
    refused: int = 0
    _linked_s: float = 0.0
    _linked_at: float | None = None
    _cut_at: float | None = None
    _last_return_s: float | None = None
    _longest_return_s: float | None = None
    _ended: dict[Outcome, int] = field(default_factory=dict)
    _months: dict[str, Traffic] = field(default_factory=dict)
    _seen: Traffic = field(default_factory=Traffic)

    def saved(self, at: float, now: float) -> LinkCounts:
        """Give the counters for the store."""
        return LinkCounts(
            saved_at=now,
            for_s=at - self.began_at,
            linked_s=self._linked_for(at),
            linked=int(self._linked_at is not None),
            drops=self.drops,
            last_return_s=self._last_return_s,
            longest_return_s=self._longest_return_s,
            accepted=self._ended.get(Outcome.ACCEPTED, 0),
            rejected=self._ended.get(Outcome.REJECTED, 0),
            kept=self._ended.get(Outcome.KEPT, 0),
            refused=self.refused,
            months={name: (one.sent, one.received) for name, one in self._months.items()},
        )

    def restore(self, counts: LinkCounts, at: float, now: float) -> None:
        """Go on counting where the last daemon stopped; the time between it was not linked."""
        away_s = max(0.0, now - counts.saved_at)  # a clock that went back tells nothing
        self.began_at = at - away_s - counts.for_s
        self._linked_s = counts.linked_s
        self.drops, self.refused = counts.drops + counts.linked, counts.refused
        self._cut_at = at - away_s if counts.linked else None
        self._last_return_s = counts.last_return_s
        self._longest_return_s = counts.longest_return_s
        self._ended = {
            Outcome.ACCEPTED: counts.accepted,
            Outcome.REJECTED: counts.rejected,
            Outcome.KEPT: counts.kept,
        }
        self._months = {name: Traffic(*bytes_) for name, bytes_ in counts.months.items()}

    def linked(self, at: float) -> None:
        """Take note that the connection stands; after a break also of how long that took."""
        self._linked_at, self._seen = at, Traffic()
        if self._cut_at is not None:
            took_s = at - self._cut_at
            self._last_return_s = took_s
            self._longest_return_s = max(took_s, self._longest_return_s or 0.0)
            self._cut_at = None

    def cut(self, at: float) -> None:
        """Take note that it broke."""
        if self._linked_at is not None:
            self._linked_s += at - self._linked_at
            self._linked_at, self._cut_at = None, at
            self.drops += 1

    def ended(self, outcome: Outcome, number: int = 1) -> None:
        """Count uploads by how the attempt to deliver them ended."""
        self._ended[outcome] = self._ended.get(outcome, 0) + number

    def carried(self, traffic: Traffic, now: float) -> None:
        """Add what the connection carried since the last look to this month (UTC+8)."""
        month = self._months.setdefault(_month(now), Traffic())
        month.sent += traffic.sent - self._seen.sent
        month.received += traffic.received - self._seen.received
        self._seen = Traffic(traffic.sent, traffic.received)
        while len(self._months) > MONTHS:
            del self._months[next(iter(self._months))]

    def counts(self, at: float, now: float) -> Counts:
        """Give the counters as they are; `now` says which month's bytes."""
        for_s = at - self.began_at
        linked_s = self._linked_for(at)
        frames = sum(self._ended.values())
        accepted = self._ended.get(Outcome.ACCEPTED, 0)
        bytes_ = self._months.get(_month(now), Traffic())
        return Counts(
            for_s=for_s,
            online_rate=min(1.0, linked_s / for_s) if for_s > 0 else None,
            drops=self.drops,
            last_return_s=self._last_return_s,
            longest_return_s=self._longest_return_s,
            frames_ended=frames,
            frame_success=accepted / frames if frames else None,
            refused=self.refused,
            sent_bytes=bytes_.sent,
            received_bytes=bytes_.received,
            month=_month(now),
        )

    def _linked_for(self, at: float) -> float:
        return self._linked_s + (0.0 if self._linked_at is None else at - self._linked_at)


def _month(now: float) -> str:
    return time.strftime("%Y-%m", time.gmtime(now + BEIJING_OFFSET_S))
