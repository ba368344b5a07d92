"""The uploads whose 9014 is waited for on one connection, and those it may still come for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.store.outbox import Row
from agent.uplink.flight import Flight
from protocols.hj212.answers import Answered

LATE = 256
"""Uploads whose answer is still welcome after the wait for it has ended."""


@dataclass(slots=True)
class Awaited:
    """Who waits for which QN. `late` holds rows whose answer came after the wait for it."""

    late: list[Row] = field(default_factory=list)
    _waiting: dict[str, Flight] = field(default_factory=dict)
    _silent: dict[str, Row] = field(default_factory=dict)

    def expect(self, qn: str, flight: Flight) -> None:
        """Begin to wait for the answer to that number."""
        self._waiting[qn] = flight
        self._silent.pop(qn, None)

    def end(self, qns: Iterable[str]) -> None:
        """End the wait for an answer under any of these numbers, however it ended."""
        for qn in qns:
            self._waiting.pop(qn, None)

    def miss(self, qn: str, row: Row) -> None:
        """Go on listening for an answer that did not come in time."""
        self._silent[qn] = row
        while len(self._silent) > LATE:
            del self._silent[next(iter(self._silent))]

    def heard(self, qn: str) -> Flight | None:
        """Take note of an answer; gives whose it is. None: nobody's, or `late` has one more."""
        flight = self._waiting.get(qn)
        if flight is not None:
            return flight
        row = self._silent.pop(qn, None)
        if row is None:
            return None
        for flight in self._waiting.values():
            if flight.row.id == row.id:  # it went out again under a number of its own: no need now
                return flight
        self.late.append(row)
        return None

    def meant(self, what: Answered) -> str:
        """Give the QN that an answer means; empty when that is not to be known.

        In 2005 an answer may say its command and packet alone: then it means the one upload of
        that command that is under way, if it is one.
        """
        if what.qn:
            return what.qn
        # sent again under a fresh number, one upload waits under several
        meant = {
            flight.row.id: qn
            for qn, flight in self._waiting.items()
            if flight.row.cn == what.cn and what.pno in (None, flight.row.pno)
        }
        return next(iter(meant.values())) if len(meant) == 1 else ""
