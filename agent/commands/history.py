"""Minutes, hours and days out of the store, on request.

Both ends of a range are part of it (HJ 212-2025 §10.2). What is read is read in short pieces.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from agent import composing
from agent.commands.streaming import Stream
from agent.model import Kind, Period, Statistic, Upload
from agent.plan import StationPlan
from agent.store import statistics
from agent.store.series import Names
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, NO_DATA, TIMED_OUT, Asked, Result
from protocols.hj212.orders import Between

AT_ONCE = 60
"""Periods read in one piece."""
_KINDS: Mapping[str, Kind] = {"2061": Kind.HOUR, "2031": Kind.DAY}


async def send_periods(asked: Asked, desk: Desk) -> Result:
    """Send the minutes (2051), hours (2061) or days (2031) of a range."""
    order = asked.order
    assert isinstance(order, Between)
    if order.end < order.begin:
        return Result(CONDITION, "the range ends before it begins")
    station, store, names = desk.station, desk.office.store, desk.office.names()
    period = _first(_kind(asked.command.cn, station), order.begin)
    last = min(order.end, desk.office.clock.now())
    oldest = await store.read(lambda connection: statistics.earliest(connection, period))
    if oldest is not None and oldest > period.start:
        period = _first(period, oldest)
    stream = Stream(desk, asked)
    while oldest is not None and period.start <= last:
        end = min(int(last) + 1, period.start + AT_ONCE * period.length_s)
        for upload in await store.read(_reader(station, asked.segment.st, period, end, names)):
            await stream.send(upload.packets)
        period = _first(period, end)
    return ended(stream)


async def nothing_kept(_: Asked, __: Desk) -> Result:
    """Answer for what this agent has no records of."""
    return Result(NO_DATA, "nothing of that kind is recorded")


def _kind(cn: str, station: StationPlan) -> Period:
    """Give the kind of period a command speaks of, without a place in time yet."""
    minutes = station.destination.minutes
    if cn in _KINDS:
        return Period(_KINDS[cn], 0)
    return Period(Kind.MINUTE, 0) if minutes == 1 else Period(Kind.N_MINUTES, 0, minutes)


def _first(kind: Period, at: float) -> Period:
    """Give the first period of a kind that does not start before that."""
    period = Period.holding(kind.kind, at, kind.minutes)
    return period if period.start >= at else period.next()


def _reader(
    station: StationPlan, st: str, first: Period, end: int, names: Names
) -> Callable[[sqlite3.Connection], list[Upload]]:
    def read(connection: sqlite3.Connection) -> list[Upload]:
        return _uploads(connection, station, st, first, end=end, names=names)

    return read


def _uploads(
    connection: sqlite3.Connection,
    station: StationPlan,
    st: str,
    first: Period,
    *,
    end: int,
    names: Names,
) -> list[Upload]:
    """Make the uploads of the periods from `first` on that start before `end`, oldest first."""
    rows: dict[Period, list[Statistic]] = {}
    for outlet in station.by_st().get(st, ()):
        found = statistics.between(
            connection,
            first,
            end,
            outlet.id,
            names,
            first_only=not station.destination.revisions,
        )
        places = {code: number for number, code in enumerate(outlet.factors)}
        known = [one for one in found if one.factor in places]
        for row in sorted(known, key=lambda one: places[one.factor]):
            rows.setdefault(row.period, []).append(row)
    made = (
        composing.of_period(connection, station, st, period, rows[period], names=names)
        for period in sorted(rows, key=lambda one: one.start)
    )
    return [upload for upload in made if upload is not None]


def ended(stream: Stream) -> Result:
    """Say how a request ended that was answered with records."""
    said = f"{stream.sent} records"
    if not stream.sent:
        return Result(NO_DATA, said)
    if stream.unheard and stream.desk.station.destination.ack == "9014":
        return Result(TIMED_OUT, f"{said}, no 9014")
    return Result(outcome=said)
