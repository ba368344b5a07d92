"""The uploads whose 9014 is waited for on one connection, and those it may still come for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.store.outbox import Row
from protocols.hj212.answers import Answered

LATE = 256
"""Uploads whose answer is still welcome after the wait for it has ended."""


@dataclass(slots=True)
class Awaited:
    """Who waits for which QN. `late` holds rows whose answer came after the wait for it."""

    late: list[Row] = field(default_factory=list)
    _waiting: dict[str, tuple[asyncio.Future[None], Row]] = field(default_factory=dict)
    _silent: dict[str, Row] = field(default_factory=dict)

    def expect(self, qn: str, row: Row, answer: asyncio.Future[None]) -> None:
        """Begin to wait; the future is done when the answer comes."""
        self._waiting[qn] = answer, row
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

    def heard(self, qn: str) -> bool:
        """Take note of an answer; True when it came late, and `late` has one more."""
        if qn in self._waiting:
            answer, _ = self._waiting[qn]
            if not answer.done():
                answer.set_result(None)
            return False
        row = self._silent.pop(qn, None)
        if row is None:
            return False
        for answer, again in self._waiting.values():
            if again.id == row.id:  # it went out again under a number of its own: no need now
                if not answer.done():
                    answer.set_result(None)
                return False
        self.late.append(row)
        return True

    def meant(self, what: Answered) -> str:
        """Give the QN that an answer means; empty when that is not to be known.

        In 2005 an answer may say its command and packet alone: then it means the one upload of
        that command that is under way, if it is one.
        """
        if what.qn:
            return what.qn
        # sent again under a fresh number, one upload waits under several
        meant = {
            row.id: qn
            for qn, (_, row) in self._waiting.items()
            if row.cn == what.cn and what.pno in (None, row.pno)
        }
        return next(iter(meant.values())) if len(meant) == 1 else ""
