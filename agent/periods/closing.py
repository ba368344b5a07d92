"""Closes periods, in one transaction: statistics, what the rules say of them, and frames."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent import furnaces
from agent.exceedance import judge_hours
from agent.facilities import close_states
from agent.foreseeing import foresee
from agent.making import make_statistics
from agent.model import Kind, Period
from agent.periods.closers import Closer, closers
from agent.periods.owing import AT_ONCE, Owing
from agent.periods.revising import Revising, renew_columns
from agent.plan import OutletPlan, Plan
from agent.store import cursors, samples, statistics
from agent.store.series import Names
from agent.telling import tell
from agent.volumes import tell_volumes

OUTAGE_S = 600
"""Minutes nobody sampled are skipped, as one event, when they lie further back than this."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Closes what is due at `now`, in the open transaction."""

    connection: sqlite3.Connection
    plan: Plan
    names: Names
    now: float

    @property
    def owing(self) -> Owing:
        """Who owes the frames of it."""
        return Owing(self.connection, self.plan, self.names, self.now)

    def close(self) -> list[str]:
        """Close up to about `AT_ONCE` periods in the open transaction; give their kinds."""
        closed = Revising(self.connection, self.plan, self.names, self.now).revise_late()
        for station in self.plan.stations.values():
            closed += self.owing.real_time(station)
        closed += close_states(self.connection, self.plan, now=self.now)
        for closer in closers(self.plan):
            while len(closed) < AT_ONCE and self._close_next(closer):
                closed.append(closer.code)
        self.owing.owe_new_stations()
        return closed

    def _close_next(self, closer: Closer) -> bool:
        start = self._next_start(closer)
        period = Period(closer.kind, start, closer.minutes)
        if closer.due_at(period) > self.now:
            return False
        following = self._after_outage(closer, period)
        if following is None:
            self._make(closer.outlet, period)
            following = period.next()
        cursors.put(self.connection, closer.cursor, following.start)
        return True

    def _next_start(self, closer: Closer) -> int:
        """Give the start of the next period owed: at the first look ever the present one.

        A cursor ahead of the present says that the clock went back, perhaps while nobody was
        looking: then it is the one behind the last that was closed before the present.
        """
        start = cursors.get(self.connection, closer.cursor)
        present = Period.holding(closer.kind, self.now, closer.minutes)
        if start is not None and start <= present.start:
            return start
        if start is not None:
            last = statistics.last_before(
                self.connection, present, outlet=closer.outlet.id, names=self.names
            )
            start = None if last is None else last.end
        start = present.start if start is None else start
        cursors.put(self.connection, closer.cursor, start)
        return start

    def _after_outage(self, closer: Closer, period: Period) -> Period | None:
        """Give where minutes go on when this one lies in a stretch nobody sampled, else None."""
        if closer.kind not in (Kind.MINUTE, Kind.N_MINUTES) or self.now - period.end < OUTAGE_S:
            return None
        again = samples.first_after(self.connection, period.start)
        if again is not None and again < period.end:
            return None
        following = Period.holding(closer.kind, min(again or self.now, self.now), closer.minutes)
        silent_s = following.start - period.start
        # ten silent minutes are made, whenever one looks: the recalculation has them, too
        if silent_s < OUTAGE_S or (closer.kind is Kind.MINUTE and silent_s == OUTAGE_S):
            return None
        if closer.kind is Kind.MINUTE:
            detail = {"from": period.start, "to": following.start, "why": "nothing was sampled"}
            ref = f"outage:{period.start}"
            tell(
                self.connection, self.plan, "power", detail, ref=ref, at=period.start, now=self.now
            )
        return following

    def _make(self, outlet: OutletPlan, period: Period) -> None:
        """Make the statistics of one period, what the rules say of them, and the frames."""
        # after a clock step back the period may be closed already: never twice
        if not statistics.exists(self.connection, period, outlet=outlet.id, names=self.names):
            rows = make_statistics(self.connection, outlet, period, names=self.names)
            statistics.add(self.connection, rows, names=self.names)
            renew_columns(self.connection, outlet, period, names=self.names)
            if period.kind in (Kind.HOUR, Kind.DAY):
                judge_hours(self.connection, self.plan, self.names, rows, now=self.now)
            foresee(self.connection, self.plan, self.names, outlet, period, now=self.now)
            furnaces.note_furnace(
                self.connection, self.plan, self.names, outlet, period, now=self.now
            )
            if period.kind is Kind.HOUR:
                tell_volumes(self.connection, self.plan, self.names, rows, now=self.now)
        self.owing.owe(outlet, period)
