"""Furnace temperature of waste incineration: five-minute means, their report 2111, their quota.

Means are statistic rows like any other of five minutes. Where no platform takes minutes in fives
they are made of the furnace's factor alone.
"""

from __future__ import annotations

import dataclasses
import sqlite3

from agent import dues, report
from agent.compliance import FurnaceDay, furnace_day
from agent.compliance.furnace import FIVE_MIN_S, reached
from agent.model import Kind, Period, Statistic, Upload
from agent.plan import OutletPlan, Plan, StationPlan
from agent.settings.furnace import FurnaceSettings
from agent.store import marks, outbox, statistics
from agent.store.series import Names
from agent.telling import tell

MINUTES = FIVE_MIN_S // 60
QUOTA = "quota"
"""The event of a quota that is used up, of whatever kind (`agent.exempting` tells others)."""


def settings_of(plan: Plan, outlet: str) -> FurnaceSettings | None:
    """Give how an outlet's furnace is watched; None where it has none with minutes."""
    given = plan.site.outlet(outlet).furnace
    factor = plan.outlets[outlet].factors.get(given.factor)
    return None if factor is None or factor.batch else given


def part_of(plan: Plan, outlet: OutletPlan) -> OutletPlan | None:
    """Give the outlet with its furnace alone; None where five minutes are made of all, or of none.

    A mean of minutes needs no other factor: what a minute is calculated of went into the minute.
    """
    given = settings_of(plan, outlet.id)
    if given is None or MINUTES in plan.minute_lengths(outlet.id):
        return None
    return dataclasses.replace(outlet, factors={given.factor: outlet.factors[given.factor]})


def note_furnace(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    outlet: OutletPlan,
    period: Period,
    *,
    now: float,
) -> None:
    """Report a mean that was just made, and tell how far the day's quota is used."""
    if (period.kind, period.minutes) != (Kind.N_MINUTES, MINUTES):
        return
    given = settings_of(plan, outlet.id)
    if given is None:
        return
    row = statistics.of(connection, period, outlet=outlet.id, names=names).get(given.factor)
    if row is None or row.avg is None or not row.valid:
        return
    for station in plan.stations.values():
        since = dues.since(connection, station)
        upload = upload_of(station, row)
        if upload is not None and since is not None and period.start >= since:
            outbox.add(
                connection, station.id, upload, now=now, not_before=now + station.send_phase_s
            )
    if row.avg < given.least:
        _tell_quota(connection, plan, names, given, row, now=now)


def upload_of(station: StationPlan, row: Statistic, *, asked: bool = False) -> Upload | None:
    """Make the 2111 of a row; None where it is not valid or the station takes none.

    The message has no word for a mark, so a mean that is not valid cannot be told by it.
    """
    st = next((one.st for one in station.outlets if one.id == row.outlet), None)
    told = (asked or station.destination.wire.furnace_upload) and station.wants(row.factor)
    if st is None or not told or row.avg is None or not row.valid:
        return None
    return report.furnace(
        station.wording,
        st=st,
        factor=row.factor,
        start=row.period.start,
        mean=row.avg,
        number=number_of(station, row.outlet),
    )


def number_of(station: StationPlan, outlet: str) -> int:
    """Tell the furnaces of a station apart: two report the same five minutes."""
    st = next(one.st for one in station.outlets if one.id == outlet)
    return sorted(one.id for one in station.by_st()[st]).index(outlet)


def day_of(
    connection: sqlite3.Connection, plan: Plan, names: Names, outlet: str, day: Period
) -> FurnaceDay | None:
    """Count the cold means of a local day, as far as it is closed; None without a furnace."""
    given = settings_of(plan, outlet)
    if given is None:
        return None
    first = Period(Kind.N_MINUTES, day.start, MINUTES)
    rows = statistics.between(connection, first, day.end, outlet, names)
    means = [
        (row.period.start, row.avg if row.valid else None)
        for row in rows
        if row.factor == given.factor
    ]
    records = [one.record for one in marks.listed(connection, outlet, day.start, day.end)]
    concerned = [one for one in records if one.concerns(given.factor)]
    return furnace_day(means, concerned, least_c=given.least, allowed=given.allowed)


def _tell_quota(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    given: FurnaceSettings,
    row: Statistic,
    *,
    now: float,
) -> None:
    day = Period.holding(Kind.DAY, row.period.start)
    found = day_of(connection, plan, names, row.outlet, day)
    if found is None:
        return
    for percent in reached(len(found.below), given.allowed):
        tell(
            connection,
            plan,
            QUOTA,
            {
                "quota": "furnace",
                "factor": row.factor,
                "percent": percent,
                "used": len(found.below),
                "allowed": given.allowed,
                "breach": found.breach,
                "least": given.least,
            },
            ref=f"{QUOTA}:{row.outlet}:furnace:{day.start}:{percent}",
            at=row.period.end,
            now=now,
            outlet=row.outlet,
            factor=row.factor,
        )
