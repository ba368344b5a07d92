"""Makes the digests of the days gone by, and tells the platform concerned of each.

A day is looked at every night until all of it is acknowledged or the outbox no longer has it; each
time it says something else the notice goes out anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial

from agent import report
from agent.clock import Clock
from agent.dues import KIND_NAMES, outlets_of, period_at, since
from agent.model import Kind, Period
from agent.plan import Plan, StationPlan
from agent.records import KINDS, Shelf
from agent.report import PERIOD_CN, EventNotice
from agent.store import digests, events, journal, outbox, series
from agent.store.db import Store
from agent.store.digests import Digest
from agent.store.outbox import REAL_TIME_CN
from protocols.hj212.times import wire_time

EVENT_KIND = "digest"
REAL_TIME = "real_time"
DAY_S = 86_400
DAYS = 29
"""How far back the outbox still has the whole of a day."""


async def reconcile(plan: Plan, store: Store, clock: Clock) -> int:
    """Bring the digests of all stations up to date; gives how many days were told."""
    count = 0
    now = clock.now()
    today = Period.holding(Kind.DAY, now).start
    days = range(today - DAYS * DAY_S, today, DAY_S)
    for station in plan.stations.values():
        for day in await store.read(partial(_open_days, station=station, days=days)):
            count += await store.write(
                partial(tell_day, plan=plan, station=station, day=day, now=now)
            )
    return count


def tell_day(
    connection: sqlite3.Connection, plan: Plan, station: StationPlan, day: int, *, now: float
) -> bool:
    """Store the digests of one day and owe the notice; False when they say what they said."""
    before = {(one.outlet, one.kind): one for one in digests.of_day(connection, day, station.id)}
    made = [
        _not_less(one, before.get((one.outlet, one.kind)))
        for one in (
            *_digests(connection, station, day),
            *_of_records(connection, plan, station, day, now=now),
        )
    ]
    if not made or made == [before.get((one.outlet, one.kind)) for one in made]:
        return False
    for one in made:
        digests.put(connection, one, now=now)
    said = [
        {name: value for name, value in asdict(one).items() if name not in ("day", "station")}
        for one in made
    ]
    detail: dict[str, object] = {"station": station.id, "day": wire_time(day)[:8], "digests": said}
    _tell(connection, station, detail, day=day, now=now)
    return True


def _open_days(connection: sqlite3.Connection, station: StationPlan, days: range) -> list[int]:
    begin = since(connection, station)
    if begin is None:
        return []
    owed = [day for day in days if day + DAY_S > begin]
    return list(digests.open_days(connection, station.id, owed))


def _not_less(made: Digest, before: Digest | None) -> Digest:
    """Let stand what was said where the outbox has less by now: pruned, given up, asked for again.

    What was due that day does not change with the settings of today.
    """
    if before is None:
        return made
    fewer = (made.acknowledged, made.sent) < (before.acknowledged, before.sent)
    return before if fewer or made.sent < before.sent else replace(made, due=before.due)


def _digests(connection: sqlite3.Connection, station: StationPlan, day: int) -> Iterator[Digest]:
    begin = since(connection, station)
    for st, outlets in station.by_st().items():
        live_due = _real_time_due(station, day, begin)
        live = _told(connection, station, REAL_TIME_CN, st, day)
        for outlet in outlets:
            yield _digest(station, outlet.id, REAL_TIME, day, live_due, live)
        for kind in KIND_NAMES:
            reporting = outlets_of(station, kind, st)
            if not reporting:
                continue
            cn = PERIOD_CN[period_at(station, kind, day).kind]
            summed = _told(connection, station, cn, st, day)
            due = _due(station, kind, day, begin)
            for outlet in reporting:
                yield _digest(station, outlet.id, kind, day, due, summed)


def _of_records(
    connection: sqlite3.Connection, plan: Plan, station: StationPlan, day: int, *, now: float
) -> Iterator[Digest]:
    """Sum up what is owed beside the periods; a kind of which there was nothing is left out."""
    begin, names = since(connection, station), series.load(connection)
    whole = Period(Kind.DAY, day)
    for kind, cn in KINDS.items():
        shelf = Shelf(plan, names, station, kind)
        records = [
            one
            for one in shelf.of_day(connection, whole, now=now)
            if begin is not None and one.at >= begin and one.make() is not None
        ]
        for st, outlets in station.by_st().items():
            summed = _told(connection, station, cn, st, day)
            due = sum(one.st == st for one in records)
            if due or summed.sent:
                for outlet in outlets:
                    yield _digest(station, outlet.id, kind, day, due, summed)


def _told(
    connection: sqlite3.Connection, station: StationPlan, cn: str, st: str, day: int
) -> digests.Told:
    return digests.told(connection, station.id, cn, st, first=day, end=day + DAY_S)


def _due(station: StationPlan, kind: str, day: int, begin: float | None) -> int:
    """Count the periods of a day that are owed."""
    period = period_at(station, kind, day)
    starts = range(period.start, day + DAY_S, period.length_s)
    return sum(begin is not None and start >= begin for start in starts)


def _real_time_due(station: StationPlan, day: int, begin: float | None) -> int:
    if not station.station.real_time:
        return 0
    interval = station.destination.real_time_s
    first = -(-day // interval) * interval
    moments = range(first, day + DAY_S, interval)
    return sum(begin is not None and at >= begin for at in moments)


def _digest(
    station: StationPlan, outlet: str, kind: str, day: int, due: int, summed: digests.Told
) -> Digest:
    return Digest(
        day=day,
        station=station.id,
        outlet=outlet,
        kind=kind,
        due=due,
        sent=summed.sent,
        acknowledged=summed.acknowledged,
        unconfirmed=summed.unconfirmed,
        sha256=summed.sha256,
    )


def _tell(
    connection: sqlite3.Connection,
    station: StationPlan,
    detail: dict[str, object],
    *,
    day: int,
    now: float,
) -> None:
    """Write the event and owe its notice to this station alone: no other is concerned."""
    ref = f"{EVENT_KIND}:{station.id}:{day}:{now:.0f}"
    number = events.add(connection, EVENT_KIND, detail, ref=ref, at=now, ended_at=now)
    journal.add(connection, f"event {EVENT_KIND}", detail, at=now)
    if number is None or not station.hears(EVENT_KIND):
        return
    notice = EventNotice(
        id=number, kind=EVENT_KIND, at=now, outlet="", factor="", state="told", detail=detail
    )
    outbox.add(connection, station.id, report.event(notice), now=now)
