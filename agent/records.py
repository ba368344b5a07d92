"""What stations are owed beside the periods: run times (2041), checks (2062), furnace (2111).

Each is made when its record is. What a station ought to have is worked out anew of the records:
that is what the gap finder and `paikou resend` go by.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from agent import composing, facilities, furnaces
from agent.dues import LATE_S, since
from agent.model import Kind, Period, Upload
from agent.plan import Plan, StationPlan
from agent.report.facilities import RUN_TIMES_CN
from agent.report.measured import CHECK_CN, FURNACE_CN, has
from agent.store import checks, statistics
from agent.store.gaps import Gap, State
from agent.store.series import Names

KINDS: Mapping[str, str] = {"run_times": RUN_TIMES_CN, "checks": CHECK_CN, "furnace": FURNACE_CN}
"""Kinds of records by name, each with its command code."""
AT_ONCE = 1_000
"""Checks of one system code read for one day; no instrument makes so many."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it belongs and how it becomes an upload (None: it is not reported)."""

    st: str
    at: int
    number: int
    make: Callable[[], Upload | None]

    @property
    def key(self) -> tuple[int, str, int]:
        """What tells it from others of its kind."""
        return (self.at, self.st, self.number)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The records of one kind for one station."""

    plan: Plan
    names: Names
    station: StationPlan
    kind: str

    @property
    def cn(self) -> str:
        """The command code of the kind."""
        return KINDS[self.kind]

    def of_day(
        self, connection: sqlite3.Connection, day: Period, *, now: float
    ) -> Iterator[Record]:
        """Give the records of a local day that are due by now, in no order."""
        for st in self.station.by_st():
            yield from _FINDERS[self.kind](self, connection, st, day, now)


def lacking(
    connection: sqlite3.Connection, shelf: Shelf, *, now: float, oldest: float
) -> Iterator[Gap]:
    """Give the records a station has not got, from `oldest` or its `since` on; oldest first.

    Those in a row that lack for one reason are one gap.
    """
    begin = since(connection, shelf.station)
    if begin is None:
        return
    lasting: dict[str, Gap] = {}
    for day in days(max(begin, oldest), now):
        for st, at, state in _states(connection, shelf, day, begin=begin, now=now):
            gap = lasting.get(st)
            if gap is not None and gap.state == state:
                lasting[st] = replace(gap, last=at, count=gap.count + 1)
                continue
            if gap is not None:
                yield lasting.pop(st)
            if state is not None:
                lasting[st] = Gap(shelf.station.id, shelf.kind, st, at, at, 1, state)
    yield from lasting.values()


def days(first: float, end: float) -> Iterator[Period]:
    """Give the local days that have a part in [first, end)."""
    day = Period.holding(Kind.DAY, first)
    while day.start < end:
        yield day
        day = day.next()


def owed(
    connection: sqlite3.Connection, shelf: Shelf, day: Period
) -> dict[tuple[int, str, int], str]:
    """Give what was owed of a day's records, by time, system code and number, with its state."""
    rows = connection.execute(
        "SELECT start, st, revision, state FROM deliveries"
        " WHERE station = ? AND cn = ? AND start >= ? AND start < ?",
        (shelf.station.id, shelf.cn, day.start, day.end),
    )
    return {(start, st, revision): state for start, st, revision, state in rows}


def _states(
    connection: sqlite3.Connection, shelf: Shelf, day: Period, *, begin: float, now: float
) -> list[tuple[str, int, State | None]]:
    """Give why each record of a day lacks, in order; None where it does not."""
    found: dict[tuple[int, str, int], str] = owed(connection, shelf, day)
    for one in shelf.of_day(connection, day, now=now):
        if one.key not in found and one.at >= begin and one.make() is not None:
            found[one.key] = "never_made"
    return [
        (st, at, None if state == "accepted" else state)  # type: ignore[misc]  # a State, by schema
        for (at, st, _), state in sorted(found.items())
    ]


def _run_times(
    shelf: Shelf, connection: sqlite3.Connection, st: str, day: Period, now: float
) -> Iterator[Record]:
    today = Period.holding(Kind.DAY, now - facilities.SETTLE_S - LATE_S)
    if day.start < today.start and facilities.has_facilities(shelf.plan, shelf.station, st):
        make = partial(facilities.upload_of_day, connection, shelf.station, st, day.start)
        yield Record(st, day.start, 0, make)


def _checks(
    shelf: Shelf, connection: sqlite3.Connection, st: str, day: Period, _: float
) -> Iterator[Record]:
    station = shelf.station
    if not (station.destination.wire.check_upload and has(station.wording, CHECK_CN)):
        return
    outlets = [one.id for one in station.by_st()[st]]
    found = checks.started(
        connection, day.start, day.end - 1, outlets=outlets, limit=AT_ONCE, skip=0
    )
    for number, check in found:
        make = partial(composing.of_check, station, check, number)
        yield Record(st, check.start, number, make)


def _furnace(
    shelf: Shelf, connection: sqlite3.Connection, st: str, day: Period, _: float
) -> Iterator[Record]:
    station = shelf.station
    if not (station.destination.wire.furnace_upload and has(station.wording, FURNACE_CN)):
        return
    for outlet in station.by_st()[st]:
        given = furnaces.settings_of(shelf.plan, outlet.id)
        if given is None:
            continue
        number = furnaces.number_of(station, outlet.id)
        for start in _means(connection, shelf, outlet.id, given.factor, day):
            make = partial(_mean, connection, shelf, outlet.id, given.factor, start)
            yield Record(st, start, number, make)


def _means(
    connection: sqlite3.Connection, shelf: Shelf, outlet: str, factor: str, day: Period
) -> list[int]:
    """Give when the valid means of a day began: of a month they are thousands."""
    rows = connection.execute(
        "SELECT start FROM statistics WHERE kind = ? AND series = ? AND revision = 0"
        " AND start >= ? AND start < ? AND valid AND avg IS NOT NULL",
        (
            statistics.code(Period(Kind.N_MINUTES, 0, furnaces.MINUTES)),
            shelf.names.series.get((outlet, factor, "rtd")),
            day.start,
            day.end,
        ),
    )
    return [start for (start,) in rows]


def _mean(
    connection: sqlite3.Connection, shelf: Shelf, outlet: str, factor: str, start: int
) -> Upload | None:
    period = Period(Kind.N_MINUTES, start, furnaces.MINUTES)
    rows = statistics.of(connection, period, outlet=outlet, names=shelf.names, first=True)
    return furnaces.upload_of(shelf.station, rows[factor]) if factor in rows else None


_Finder = Callable[[Shelf, sqlite3.Connection, str, Period, float], Iterator[Record]]
_FINDERS: Mapping[str, _Finder] = {
    "run_times": _run_times,
    "checks": _checks,
    "furnace": _furnace,
}


def all_lacking(
    connection: sqlite3.Connection,
    plan: Plan,
    station: StationPlan,
    *,
    names: Names,
    now: float,
    looking_back_s: float,
) -> Iterator[Gap]:
    """Give what a station lacks of every kind of record."""
    for kind in KINDS:
        shelf = Shelf(plan, names, station, kind)
        yield from lacking(connection, shelf, now=now, oldest=now - looking_back_s)
