"""Closes what is due: real-time frames, minutes, hours, days, months. One commit for what is due.

What is due is asked of the store's cursors, never of a timer: a tick that came late, twice or not
at all changes nothing. A cursor moves in the commit that closed the period before it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from agent import columns, composing, furnaces, report
from agent.bells import Bells
from agent.clock import Clock
from agent.exceedance import judge_hours
from agent.facilities import close_states
from agent.foreseeing import foresee
from agent.making import make_statistics
from agent.metrics import Metrics
from agent.model import Kind, Period, Statistic
from agent.plan import OutletPlan, Plan, StationPlan
from agent.store import clock_steps, cursors, marks, measurements, outbox, samples, statistics
from agent.store.db import Store
from agent.store.series import Names
from agent.telling import tell
from agent.volumes import tell_volumes

AT_ONCE = 30
"""Periods closed in one commit; a long power-off leaves hundreds."""
OUTAGE_S = 600
"""Minutes nobody sampled are skipped, as one event, when they lie further back than this."""
LATE_CURSOR = "late results"


@dataclass(frozen=True, slots=True)
class Closer:
    """One series of periods to close: an outlet and a kind."""

    outlet: OutletPlan
    kind: Kind
    minutes: int = 0

    @property
    def code(self) -> str:
        """How the store writes the kind."""
        return statistics.code(Period(self.kind, 0, self.minutes))

    @property
    def cursor(self) -> str:
        """The name of its cursor."""
        return f"{self.code}/{self.outlet.id}"

    def due_at(self, period: Period) -> float:
        """Give when a period may be closed: when nothing of it can still be on its way."""
        return period.end + self.outlet.settle_s(self.kind)


@dataclass(frozen=True, slots=True)
class Periods:
    """The worker. `close_due` is the whole job; whoever calls it decides when."""

    plan: Plan
    names: Names
    store: Store
    clock: Clock
    bells: Bells
    metrics: Metrics

    async def close_due(self) -> int:
        """Close everything that is due now; says how many periods and frames that were."""
        total = 0
        while True:
            closed = await self.store.write(self._close)
            if not closed:
                return total
            total += len(closed)
            for kind in closed:
                self.metrics.closed.labels(kind).inc()
            self.bells.ring(*self.plan.action_bells(), *self.plan.outbox_bells())

    def _close(self, connection: sqlite3.Connection) -> list[str]:
        """Close up to about `AT_ONCE` periods in the open transaction; give their kinds."""
        now = self.clock.now()
        closed = self._late(connection, now)
        for station in self.plan.stations.values():
            closed += self._real_time(connection, station, now)
        closed += close_states(connection, self.plan, now=now)
        for closer in self._closers():
            while len(closed) < AT_ONCE and self._close_next(connection, closer, now):
                closed.append(closer.code)
        self._owe_new_stations(connection, now)
        return closed

    def _closers(self) -> Iterator[Closer]:
        """Give all closers, shorter periods first: longer ones are made of them."""
        for outlet in self.plan.outlets.values():
            if outlet.continuous:
                yield Closer(outlet, Kind.MINUTE)
                for minutes in self.plan.minute_lengths(outlet.id):
                    yield Closer(outlet, Kind.N_MINUTES, minutes)
                if (part := furnaces.part_of(self.plan, outlet)) is not None:
                    yield Closer(part, Kind.N_MINUTES, furnaces.MINUTES)
            for kind in (Kind.HOUR, Kind.DAY, Kind.MONTH):
                yield Closer(outlet, kind)

    def _close_next(self, connection: sqlite3.Connection, closer: Closer, now: float) -> bool:
        start = self._next_start(connection, closer, now)
        period = Period(closer.kind, start, closer.minutes)
        if closer.due_at(period) > now:
            return False
        following = self._after_outage(connection, closer, period, now)
        if following is None:
            self._make(connection, closer.outlet, period, now)
            following = period.next()
        cursors.put(connection, closer.cursor, following.start)
        return True

    def _next_start(self, connection: sqlite3.Connection, closer: Closer, now: float) -> int:
        """Give the start of the next period owed: at the first look ever the present one.

        A cursor ahead of the present says that the clock went back, perhaps while nobody was
        looking: then it is the one behind the last that was closed before the present.
        """
        start = cursors.get(connection, closer.cursor)
        present = Period.holding(closer.kind, now, closer.minutes)
        if start is not None and start <= present.start:
            return start
        if start is not None:
            last = statistics.last_before(
                connection, present, outlet=closer.outlet.id, names=self.names
            )
            start = None if last is None else last.end
        start = present.start if start is None else start
        cursors.put(connection, closer.cursor, start)
        return start

    def _after_outage(
        self, connection: sqlite3.Connection, closer: Closer, period: Period, now: float
    ) -> Period | None:
        """Give where minutes go on when this one lies in a stretch nobody sampled, else None."""
        if closer.kind not in (Kind.MINUTE, Kind.N_MINUTES) or now - period.end < OUTAGE_S:
            return None
        again = samples.first_after(connection, period.start)
        if again is not None and again < period.end:
            return None
        following = Period.holding(closer.kind, min(again or now, now), closer.minutes)
        silent_s = following.start - period.start
        # ten silent minutes are made, whenever one looks: the recalculation has them, too
        if silent_s < OUTAGE_S or (closer.kind is Kind.MINUTE and silent_s == OUTAGE_S):
            return None
        if closer.kind is Kind.MINUTE:
            detail = {"from": period.start, "to": following.start, "why": "nothing was sampled"}
            ref = f"outage:{period.start}"
            tell(connection, self.plan, "power", detail, ref=ref, at=period.start, now=now)
        return following

    def _make(
        self, connection: sqlite3.Connection, outlet: OutletPlan, period: Period, now: float
    ) -> None:
        """Make the statistics of one period, what the rules say of them, and the frames."""
        # after a clock step back the period may be closed already: never twice
        if not statistics.exists(connection, period, outlet=outlet.id, names=self.names):
            rows = make_statistics(connection, outlet, period, names=self.names)
            statistics.add(connection, rows, names=self.names)
            self._columns(connection, outlet, period)
            if period.kind in (Kind.HOUR, Kind.DAY):
                judge_hours(connection, self.plan, self.names, rows, now=now)
            foresee(connection, self.plan, self.names, outlet, period, now=now)
            furnaces.note_furnace(connection, self.plan, self.names, outlet, period, now=now)
            if period.kind is Kind.HOUR:
                tell_volumes(connection, self.plan, self.names, rows, now=now)
        self._owe(connection, outlet, period, now)

    def _columns(self, connection: sqlite3.Connection, outlet: OutletPlan, period: Period) -> None:
        """Make the other columns of a period that is marked already when it closes (STAT-13)."""
        if period.kind not in columns.KINDS:
            return
        found = marks.between(connection, period.start, period.end, outlet=outlet.id)
        if found:
            columns.renew(connection, outlet, period, marks=found, names=self.names)

    def _owe(
        self,
        connection: sqlite3.Connection,
        outlet: OutletPlan,
        period: Period,
        now: float,
        *,
        revised: bool = False,
    ) -> None:
        """Owe the frames of a period to the stations all of whose outlets have closed it.

        Revisions go only where the platform takes them.
        """
        for station in self.plan.stations.values():
            if revised and not station.destination.revisions:
                continue
            self._owe_station(connection, station, outlet, period, now=now)

    def _owe_station(
        self,
        connection: sqlite3.Connection,
        station: StationPlan,
        outlet: OutletPlan,
        period: Period,
        *,
        now: float,
        past: bool = False,
    ) -> None:
        """Owe a station the frame of a period, if all its outlets of that code have closed it."""
        if not station.owes(period) or outlet not in station.outlets:
            return
        if period.start < self._since(connection, station, now):
            return
        rows: list[Statistic] = []
        for one in station.by_st()[outlet.st]:
            found = statistics.of(
                connection,
                period,
                outlet=one.id,
                names=self.names,
                first=not station.destination.revisions,
            )
            if not found and one is not outlet and self._still_owed(connection, one, period):
                return
            rows += (found[code] for code in one.factors if code in found)
        self._owe_one(connection, station, outlet, period, rows, now=now, past=past)

    def _owe_new_stations(self, connection: sqlite3.Connection, now: float) -> None:
        """Owe stations that are new what was closed before they were, back to their `since`.

        Newest first, about `AT_ONCE` frames a commit; the cursor says how far back that went, 0
        that nothing is left.
        """
        left = AT_ONCE
        for station in self.plan.stations.values():
            name = f"past/{station.id}"
            known = cursors.get(connection, name)
            if known == 0:
                continue
            before = int(now) if known is None else known
            since = self._since(connection, station, now)
            while before and left > 0:
                found = self._closed_before(connection, station, before)
                before = max((period.start for _, period in found), default=0)
                if before < since:
                    before = 0
                for outlet, period in found:
                    if before and period.start == before:
                        self._owe_station(connection, station, outlet, period, now=now, past=True)
                        left -= 1
            if before != known:
                cursors.put(connection, name, before)

    def _closed_before(
        self, connection: sqlite3.Connection, station: StationPlan, before: int
    ) -> list[tuple[OutletPlan, Period]]:
        """Give the last period before an instant of each series that a station reports."""
        found = []
        for closer in self._closers():
            period = Period(closer.kind, before, closer.minutes)
            if closer.outlet in station.outlets and station.owes(period):
                last = statistics.last_before(
                    connection, period, outlet=closer.outlet.id, names=self.names
                )
                if last is not None:
                    found.append((closer.outlet, last))
        return found

    def _still_owed(
        self, connection: sqlite3.Connection, outlet: OutletPlan, period: Period
    ) -> bool:
        """Say whether an outlet will yet close that period.

        One with results only has no minutes, one that is new began with the present.
        """
        closer = Closer(outlet, period.kind, period.minutes)
        start = cursors.get(connection, closer.cursor)
        return start is not None and start <= period.start

    def _since(self, connection: sqlite3.Connection, station: StationPlan, now: float) -> float:
        """Give from when on a station is owed periods: never from the beginning of the store."""
        if station.since is not None:
            return station.since
        name = f"since/{station.id}"
        since = cursors.get(connection, name)
        today = Period.holding(Kind.DAY, now).start
        # later than today it was first seen under a clock that ran ahead
        if since is None or since > today:
            since = today
            cursors.put(connection, name, since)
        return since

    def _owe_one(
        self,
        connection: sqlite3.Connection,
        station: StationPlan,
        outlet: OutletPlan,
        period: Period,
        rows: list[Statistic],
        *,
        now: float,
        past: bool,
    ) -> None:
        upload = composing.of_period(connection, station, outlet.st, period, rows, names=self.names)
        if upload is None:
            return
        if past:
            outbox.add(connection, station.id, upload, now=now, since=float(period.end))
            return
        not_before = now + station.send_phase_s
        outbox.add(connection, station.id, upload, now=now, not_before=not_before)

    def _real_time(
        self, connection: sqlite3.Connection, station: StationPlan, now: float
    ) -> list[str]:
        """Owe a station its newest samples when its interval has come round.

        Boundaries that were missed stay missed: a real-time value has no use later.
        """
        if not station.station.real_time:
            return []
        interval = station.destination.real_time_s
        name = f"rtd/{station.id}"
        at = int(now // interval * interval)
        owed = cursors.get(connection, name)
        if owed is not None and at < owed <= at + interval:
            return []
        cursors.put(connection, name, at + interval)
        since = self._since(connection, station, now)
        if owed is None or at < owed or at < since:
            return []
        epoch = clock_steps.current(connection)
        for st in station.by_st():
            live = composing.live(connection, station, st, at, names=self.names)
            if not live:
                continue
            upload = report.real_time(station.wording, at, st=st, live=live, revision=epoch)
            not_before = now + station.send_phase_s
            outbox.add(connection, station.id, upload, now=now, not_before=not_before)
        return ["rtd"]

    def _late(self, connection: sqlite3.Connection, now: float) -> list[str]:
        """Make revisions of hours that were closed before a result of theirs came in."""
        last = cursors.get(connection, LATE_CURSOR) or 0
        revised = []
        for number, outlet_id, factor, sampled_at in measurements.arrived_after(
            connection, last, names=self.names
        ):
            cursors.put(connection, LATE_CURSOR, number)
            outlet = self.plan.outlets.get(outlet_id)
            if outlet is None or factor not in outlet.factors:
                continue
            for kind in (Kind.HOUR, Kind.DAY, Kind.MONTH):
                period = Period.holding(kind, sampled_at)
                if self._revise(connection, outlet, factor, period, now=now):
                    revised.append("revision")
        return revised

    def _revise(
        self,
        connection: sqlite3.Connection,
        outlet: OutletPlan,
        factor: str,
        period: Period,
        *,
        now: float,
    ) -> bool:
        """Put a revision beside a closed row; what was reported stays as it was."""
        before = statistics.of(connection, period, outlet=outlet.id, names=self.names).get(factor)
        if before is None:
            return False
        rows = make_statistics(connection, outlet, period, names=self.names)
        after = next(row for row in rows if row.factor == factor)
        revised = statistics.revise(connection, before, after, names=self.names, now=now)
        if revised:
            self._columns(connection, outlet, period)
            if period.kind in (Kind.HOUR, Kind.DAY):
                judge_hours(connection, self.plan, self.names, [after], now=now, beside=rows)
            self._owe(connection, outlet, period, now, revised=True)
        return revised
