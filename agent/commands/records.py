"""What is kept beside the periods, on request (2021, 2041, 2062, 2111).

States and run times of equipment, checks of instruments, means of furnace temperature. Both ends
of a range are part of it (HJ 212-2025 §10.2). What is read is read in short pieces.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from agent import composing, facilities, furnaces
from agent.commands.history import AT_ONCE, ended
from agent.commands.parameters import set_own
from agent.commands.streaming import Stream
from agent.model import Kind, Period, Upload
from agent.store import checks, states, statistics
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, NO_DATA, REFUSED, Asked, Result
from protocols.hj212.orders import Between

CHECKS = 200
"""Checks read in one piece."""
_REVERSED = "the range ends before it begins"

Read = Callable[[sqlite3.Connection, int, int], Iterable[Upload | None]]
"""Store, and from when to when (end excluded) -> the uploads."""


async def start_states(asked: Asked, desk: Desk) -> Result:
    """Begin to upload the states of equipment (2021), as often as values."""
    if not facilities.has_facilities(desk.office.plan(), desk.station, asked.segment.st):
        return Result(NO_DATA, "no contact tells of treatment equipment")
    return set_own(desk, states=True)


def no_states(asked: Asked, desk: Desk) -> int | None:
    """Refuse 2021 of 2005 where nothing tells: it has no 9012 that could say so."""
    known = facilities.has_facilities(desk.office.plan(), desk.station, asked.segment.st)
    return REFUSED if desk.old and not known else None


async def stop_states(asked: Asked, desk: Desk) -> Result:
    """End the uploads of states (2022)."""
    if not facilities.has_facilities(desk.office.plan(), desk.station, asked.segment.st):
        return Result(outcome="none are uploaded")
    return set_own(desk, states=False)


async def send_run_times(asked: Asked, desk: Desk) -> Result:
    """Send the run times of the days of a range (2041); today is not over."""
    st, station = asked.segment.st, desk.station
    outlets = station.by_st().get(st, ())
    today = Period.holding(Kind.DAY, desk.office.clock.now()).start

    def first(connection: sqlite3.Connection) -> int | None:
        known = [states.earliest(connection, one.id) for one in outlets]
        found = [at for at in known if at is not None]
        return Period.holding(Kind.DAY, min(found)).start if found else None

    def read(connection: sqlite3.Connection, begin: int, end: int) -> Iterable[Upload | None]:
        days = range(begin, min(end, today), facilities.DAY_S)
        return [facilities.upload_of_day(connection, station, st, day) for day in days]

    return await _in_pieces(asked, desk, Period(Kind.DAY, 0), first=first, read=read)


async def send_furnace(asked: Asked, desk: Desk) -> Result:
    """Send the five-minute means of furnace temperature of a range (2111)."""
    station, names, plan = desk.station, desk.office.names(), desk.office.plan()
    outlets = [
        (one, given)
        for one in station.by_st().get(asked.segment.st, ())
        if (given := furnaces.settings_of(plan, one.id)) is not None
    ]
    kind = Period(Kind.N_MINUTES, 0, furnaces.MINUTES)

    def first(connection: sqlite3.Connection) -> int | None:
        return statistics.earliest(connection, kind) if outlets else None

    def read(connection: sqlite3.Connection, begin: int, end: int) -> Iterable[Upload | None]:
        period = Period(kind.kind, begin, kind.minutes)
        return [
            furnaces.upload_of(station, row, asked=True)
            for outlet, given in outlets
            for row in statistics.between(connection, period, end, outlet.id, names)
            if row.factor == given.factor
        ]

    return await _in_pieces(asked, desk, kind, first=first, read=read)


async def send_checks(asked: Asked, desk: Desk) -> Result:
    """Send the checks of instruments that began in a range (2062)."""
    order = asked.order
    assert isinstance(order, Between)
    if order.end < order.begin:
        return Result(CONDITION, _REVERSED)
    stream, station, read = Stream(desk, asked), desk.station, 0
    outlets = [one.id for one in station.by_st().get(asked.segment.st, ())]
    while True:
        found = await desk.office.store.read(
            lambda connection, skip=read: checks.started(  # type: ignore[misc]  # mypy sees no type in a default
                connection, order.begin, order.end, outlets=outlets, limit=CHECKS, skip=skip
            )
        )
        for number, check in found:
            upload = composing.of_check(station, check, number, asked=True)
            if upload is not None:
                await stream.send(upload.packets)
        read += len(found)
        if len(found) < CHECKS:
            return ended(stream)


async def _in_pieces(
    asked: Asked,
    desk: Desk,
    kind: Period,
    *,
    first: Callable[[sqlite3.Connection], int | None],
    read: Read,
) -> Result:
    """Send the uploads of a range of periods, oldest first, some periods at a time."""
    order, store = asked.order, desk.office.store
    assert isinstance(order, Between)
    if order.end < order.begin:
        return Result(CONDITION, _REVERSED)
    stream, oldest = Stream(desk, asked), await store.read(first)
    last = min(order.end, desk.office.clock.now())
    period = Period.holding(kind.kind, max(order.begin, oldest or 0), kind.minutes)
    if period.start < order.begin:
        period = period.next()
    while oldest is not None and period.start <= last:
        begin = period.start
        end = min(int(last) + 1, begin + AT_ONCE * period.length_s)

        def piece(
            connection: sqlite3.Connection, begin: int = begin, end: int = end
        ) -> list[Upload]:
            found = (one for one in read(connection, begin, end) if one is not None)
            return sorted(found, key=lambda one: one.at)

        for upload in await store.read(piece):
            await stream.send(upload.packets)
        period = Period(kind.kind, begin + AT_ONCE * period.length_s, kind.minutes)
    return ended(stream)
