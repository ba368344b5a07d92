"""What is told of a station's uploads beside the store: counters, message log."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.metrics import Metrics
from agent.model import EVENT
from agent.store.frames import FrameLog
from agent.uplink.flight import Flight
from agent.uplink.heads import Written
from agent.uplink.link import Outcome, Sent
from agent.uplink.tally import Tally
from protocols.hj212.times import wire_qn


@dataclass(frozen=True, slots=True)
class Account:
    """One station's; `frames` and `tally` None where nobody keeps them."""

    station: str
    metrics: Metrics
    frames: FrameLog | None = None
    tally: Tally | None = None
    _uncounted: list[Outcome] = field(default_factory=list)
    """How frames ended since `count`: at the speed a backlog drains, counting one costs as much
    as counting many."""

    def sent(self, flight: Flight, written: Written, *, sealed: bool, reason: str) -> None:
        """Note a frame that leaves now; `reason`: why it went out again, if it did."""
        if self.frames is not None:
            self.frames.written(
                self.station,
                written.qn,
                flight.row.cn,
                written.text,
                sealed=sealed,
                attempt=flight.row.attempts + flight.number,
                reason=reason,
            )

    def ended(self, flight: Flight, sent: Sent) -> None:
        """Note how a flight ended; of a notice no more than the number is kept."""
        if flight.row.cn == EVENT:
            self.metrics.sent.labels(self.station, sent.outcome).inc()
            return
        self._uncounted.append(sent.outcome)
        if self.frames is not None:
            qn = flight.qn or wire_qn(flight.row.qn_ms)
            self.frames.settled(self.station, qn, cn=flight.row.cn, outcome=sent.reason)

    def count(self) -> None:
        """Count the frames that ended since the last time."""
        for outcome in Outcome if self._uncounted else ():
            number = self._uncounted.count(outcome)
            if number:
                self.metrics.sent.labels(self.station, outcome).inc(number)
                if self.tally is not None:
                    self.tally.ended(outcome, number)
        self._uncounted.clear()

    async def room(self) -> None:
        """Wait while the message log waits for the disk."""
        if self.frames is not None:
            await self.frames.room()
