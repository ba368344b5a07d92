"""Owes stations the frames of what was closed, and their real-time frames."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent import composing, report
from agent.model import Kind, Period, Statistic
from agent.periods.closers import Closer, closers
from agent.plan import OutletPlan, Plan, StationPlan
from agent.store import clock_steps, cursors, outbox, statistics
from agent.store.series import Names

AT_ONCE = 30
"""Periods closed, or frames owed, in one commit; a long power-off leaves hundreds."""


@dataclass(frozen=True, slots=True)
class Owing:
    """Owes what is due at `now`, in the open transaction."""

    connection: sqlite3.Connection
    plan: Plan
    names: Names
    now: float

    def real_time(self, station: StationPlan) -> list[str]:
        """Owe a station its newest samples when its interval has come round.

        Boundaries that were missed stay missed: a real-time value has no use later.
        """
        if not station.station.real_time:
            return []
        interval = station.destination.real_time_s
        name = f"rtd/{station.id}"
        at = int(self.now // interval * interval)
        owed = cursors.get(self.connection, name)
        if owed is not None and at < owed <= at + interval:
            return []
        cursors.put(self.connection, name, at + interval)
        since = self._since(station)
        if owed is None or at < owed or at < since:
            return []
        epoch = clock_steps.current(self.connection)
        for st in station.by_st():
            live = composing.live(self.connection, station, st, at, names=self.names)
            if not live:
                continue
            upload = report.real_time(station.wording, at, st=st, live=live, revision=epoch)
            not_before = self.now + station.send_phase_s
            outbox.add(self.connection, station.id, upload, now=self.now, not_before=not_before)
        return ["rtd"]

    def owe(
        self,
        outlet: OutletPlan,
        period: Period,
        *,
        revised: bool = False,
    ) -> None:
        """Owe the frames of a period to the stations all of whose outlets have closed it.

        Revisions go only where the platform takes them.
        """
        for station in self.plan.stations.values():
            if revised and not station.destination.revisions:
                continue
            self._owe_station(station, outlet, period)

    def owe_new_stations(self) -> None:
        """Owe stations that are new what was closed before they were, back to their `since`.

        Newest first, about `AT_ONCE` frames a commit; the cursor says how far back that went, 0
        that nothing is left.
        """
        left = AT_ONCE
        for station in self.plan.stations.values():
            name = f"past/{station.id}"
            known = cursors.get(self.connection, name)
            if known == 0:
                continue
            before = int(self.now) if known is None else known
            since = self._since(station)
            while before and left > 0:
                found = self._closed_before(station, before)
                before = max((period.start for _, period in found), default=0)
                if before < since:
                    before = 0
                for outlet, period in found:
                    if before and period.start == before:
                        self._owe_station(station, outlet, period, past=True)
                        left -= 1
            if before != known:
                cursors.put(self.connection, name, before)

    def _owe_station(
        self,
        station: StationPlan,
        outlet: OutletPlan,
        period: Period,
        *,
        past: bool = False,
    ) -> None:
        """Owe a station the frame of a period, if all its outlets of that code have closed it."""
        if not station.owes(period) or outlet not in station.outlets:
            return
        if period.start < self._since(station):
            return
        rows: list[Statistic] = []
        for one in station.by_st()[outlet.st]:
            found = statistics.of(
                self.connection,
                period,
                outlet=one.id,
                names=self.names,
                first=not station.destination.revisions,
            )
            if not found and one is not outlet and self._still_owed(one, period):
                return
            rows += (found[code] for code in one.factors if code in found)
        self._owe_one(station, outlet, period, rows, past=past)

    def _owe_one(
        self,
        station: StationPlan,
        outlet: OutletPlan,
        period: Period,
        rows: list[Statistic],
        *,
        past: bool,
    ) -> None:
        upload = composing.of_period(
            self.connection, station, outlet.st, period, rows, names=self.names
        )
        if upload is None:
            return
        if past:
            outbox.add(self.connection, station.id, upload, now=self.now, since=float(period.end))
            return
        not_before = self.now + station.send_phase_s
        outbox.add(self.connection, station.id, upload, now=self.now, not_before=not_before)

    def _closed_before(self, station: StationPlan, before: int) -> list[tuple[OutletPlan, Period]]:
        """Give the last period before an instant of each series that a station reports."""
        found = []
        for closer in closers(self.plan):
            period = Period(closer.kind, before, closer.minutes)
            if closer.outlet in station.outlets and station.owes(period):
                last = statistics.last_before(
                    self.connection, period, outlet=closer.outlet.id, names=self.names
                )
                if last is not None:
                    found.append((closer.outlet, last))
        return found

    def _still_owed(self, outlet: OutletPlan, period: Period) -> bool:
        """Say whether an outlet will yet close that period.

        One with results only has no minutes, one that is new began with the present.
        """
        closer = Closer(outlet, period.kind, period.minutes)
        start = cursors.get(self.connection, closer.cursor)
        return start is not None and start <= period.start

    def _since(self, station: StationPlan) -> float:
        """Give from when on a station is owed periods: never from the beginning of the store."""
        if station.since is not None:
            return station.since
        name = f"since/{station.id}"
        since = cursors.get(self.connection, name)
        today = Period.holding(Kind.DAY, self.now).start
        # later than today it was first seen under a clock that ran ahead
        if since is None or since > today:
            since = today
            cursors.put(self.connection, name, since)
        return since
