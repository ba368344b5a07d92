"""Owes a station once more what it was sent, or should have been: rows, which the sender takes.

What the outbox still has goes out as it was, under the same number; what it has no longer is made
again of the statistics, or of the record it told of. Both keep the identity of the upload.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from agent import composing
from agent.dues import outlets_of, period_at, since
from agent.model import Period, Upload
from agent.plan import StationPlan
from agent.records import Shelf, owed
from agent.report import PERIOD_CN
from agent.store import resends
from agent.store.series import Names


@dataclass(slots=True)
class Tally:
    """What became of the periods asked for, in uploads; `packets` is what goes over the wire.

    `again`: from the outbox, as it was. `made`: of the statistics. `owed`: on its way already.
    `delivered`: left out, it was acknowledged. `without`: nothing to make it of.
    """

    again: int = 0
    made: int = 0
    owed: int = 0
    delivered: int = 0
    without: int = 0
    packets: int = 0

    @property
    def sent(self) -> int:
        """How many uploads go out."""
        return self.again + self.made


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants sent again: the periods of a kind that begin in [first, end).

    `missing`: only what was not acknowledged.
    """

    station: StationPlan
    kind: str
    first: float
    end: float
    missing: bool = False


def wanted(
    connection: sqlite3.Connection, asked: Asked, *, now: float
) -> Iterator[tuple[str, Period]]:
    """Give the periods asked for with their system codes.

    None from before the station's `since`, and none that is not over yet.
    """
    begin = since(connection, asked.station)
    if begin is None:
        return
    period = period_at(asked.station, asked.kind, max(asked.first, begin))
    if period.start < max(asked.first, begin):
        period = period.next()
    while period.start < asked.end and period.end <= now:
        for st in asked.station.by_st():
            if outlets_of(asked.station, asked.kind, st):
                yield st, period
        period = period.next()


def resend(
    connection: sqlite3.Connection,
    asked: Asked,
    periods: Sequence[tuple[str, Period]],
    *,
    names: Names,
    why: str,
    now: float,
    tally: Tally,
    dry: bool,
) -> None:
    """Owe these periods once more, or with `dry` only count what that would be."""
    for st, period in periods:
        cn = PERIOD_CN[period.kind]
        revision, state = _newest(connection, asked.station.id, cn, st, period.start)
        key = (cn, st, period.start, revision)
        make = partial(composing.again, connection, asked.station, st, period, names=names)
        again = _Again(key, state, make)
        _owe(connection, asked, again, why=why, now=now, tally=tally, dry=dry)


def resend_records(
    connection: sqlite3.Connection,
    asked: Asked,
    shelf: Shelf,
    day: Period,
    *,
    why: str,
    now: float,
    tally: Tally,
    dry: bool,
) -> None:
    """Owe the records of a day once more, or with `dry` only count what that would be.

    Those that were owed once, and those of which the station should have been told.
    """
    begin = since(connection, asked.station)
    first = max(asked.first, now if begin is None else begin)
    states = owed(connection, shelf, day)
    made = {one.key: one.make for one in shelf.of_day(connection, day, now=now)}
    for at, st, number in sorted({*states, *made}):
        if not first <= at < asked.end:
            continue
        make = made.get((at, st, number), _nothing)
        state = states.get((at, st, number), "")
        if not state and make() is None:
            continue
        again = _Again((shelf.cn, st, at, number), state, make)
        _owe(connection, asked, again, why=why, now=now, tally=tally, dry=dry)


@dataclass(frozen=True, slots=True)
class _Again:
    """An upload that is asked for: command, system code, time and revision; how to make it."""

    key: tuple[str, str, int, int]
    state: str
    make: Callable[[], Upload | None]


def _nothing() -> Upload | None:
    return None


def _owe(
    connection: sqlite3.Connection,
    asked: Asked,
    again: _Again,
    *,
    why: str,
    now: float,
    tally: Tally,
    dry: bool,
) -> None:
    if again.state == "accepted" and asked.missing:
        tally.delivered += 1
        return
    key = (asked.station.id, *again.key)
    packets = resends.stored(connection, *key) if dry else resends.reopen(connection, *key, why=why)
    if packets == 0:
        tally.owed += 1
        return
    if packets is not None:
        tally.again += 1
        tally.packets += packets
        return
    upload = again.make()
    if upload is None:
        tally.without += 1
    elif dry or resends.owe_again(connection, asked.station.id, upload, now=now, why=why):
        tally.made += 1
        tally.packets += len(upload.packets)
    else:
        tally.owed += 1


def _newest(
    connection: sqlite3.Connection, station: str, cn: str, st: str, start: int
) -> tuple[int, str]:
    """Give the newest revision that was owed of a period, and its state; 0 where none was."""
    row = connection.execute(
        "SELECT revision, state FROM deliveries WHERE station = ? AND cn = ? AND start = ?"
        " AND st = ? ORDER BY revision DESC LIMIT 1",
        (station, cn, start, st),
    ).fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))
