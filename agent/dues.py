"""What each station is due by now, worked out from its plan and from how far the closers are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from agent.model import Kind, Period
from agent.plan import OutletPlan, StationPlan
from agent.report import PERIOD_CN
from agent.store import cursors, statistics
from agent.store.gaps import Due
from agent.store.series import Names

LATE_S = 60.0
"""What a closer may be late before its period counts as lacking."""
DAY_S = 86_400
KIND_NAMES = {"minute": Kind.N_MINUTES, "hour": Kind.HOUR, "day": Kind.DAY}


def since(connection: sqlite3.Connection, station: StationPlan) -> float | None:
    """Give from when on a station is owed periods; None while it was never seen."""
    if station.since is not None:
        return station.since
    return cursors.get(connection, f"since/{station.id}")


def period_at(station: StationPlan, kind: str, at: float) -> Period:
    """Give the period of a kind (`minute`, `hour`, `day`) that this station reports, at a time."""
    if kind != "minute":
        return Period.holding(KIND_NAMES[kind], at)
    minutes = station.destination.minutes
    if minutes == 1:
        return Period.holding(Kind.MINUTE, at)
    return Period.holding(Kind.N_MINUTES, at, minutes)


def outlets_of(station: StationPlan, kind: str, st: str) -> tuple[OutletPlan, ...]:
    """Give the outlets whose periods of a kind go into one frame."""
    return tuple(one for one in station.by_st()[st] if _reports(station, one, kind))


def dues(
    connection: sqlite3.Connection,
    station: StationPlan,
    *,
    names: Names,
    now: float,
    kept_days: float,
    looking_back_s: float | None = None,
) -> Iterator[Due]:
    """Give what a station is due, a series at a time.

    `kept_days` is how long `deliveries` stay, `looking_back_s` how far to look at most.
    """
    begin = since(connection, station)
    if begin is None:
        return
    oldest = now - min(kept_days * DAY_S, looking_back_s or float("inf"))
    for kind in KIND_NAMES:
        for st in station.by_st():
            outlets = outlets_of(station, kind, st)
            if outlets:
                yield _due(
                    connection,
                    station,
                    (kind, st),
                    outlets,
                    names=names,
                    begin=max(begin, oldest),
                    now=now,
                )


def _reports(station: StationPlan, outlet: OutletPlan, kind: str) -> bool:
    factors = outlet.continuous if kind == "minute" else tuple(outlet.factors.values())
    repeats = kind == "minute" and station.destination.batch_in_minutes == "repeat_flagged"
    held = outlet.batch if repeats and factors else ()
    return any(station.wants(one.factor) for one in (*factors, *held))


def _due(
    connection: sqlite3.Connection,
    station: StationPlan,
    what: tuple[str, str],
    outlets: tuple[OutletPlan, ...],
    *,
    names: Names,
    begin: float,
    now: float,
) -> Due:
    kind, st = what
    period = period_at(station, kind, begin)
    code = statistics.code(period)
    cn = PERIOD_CN[period.kind]
    ends = [cursors.get(connection, f"{code}/{one.id}") for one in outlets]
    closed = min((end for end in ends if end is not None), default=now)
    grid = _grid_from(connection, station, cn, code, begin=begin, closed=closed)
    first = period_at(station, kind, grid)
    if first.start < begin:
        first = first.next()
    settle_s = max(one.settle_s(period.kind) for one in outlets)
    return Due(
        station=station.id,
        kind=kind,
        cn=cn,
        st=st,
        first=first,
        rows_from=int(begin),
        until=period_at(station, kind, now - settle_s - LATE_S).start,
        closed_before=min(end or 0 for end in ends),
        code=code,
        series=tuple(
            number
            for (outlet, _, quantity), number in names.series.items()
            if quantity == "rtd" and outlet in {one.id for one in outlets}
        ),
    )


def _grid_from(
    connection: sqlite3.Connection,
    station: StationPlan,
    cn: str,
    code: str,
    *,
    begin: float,
    closed: float,
) -> float:
    """Give from when on every period is due.

    Where a station was served before the first statistic of this kind its minutes had another
    length then, or are pruned by now: of that time only what was owed can be said to lack. Without
    a `since` of the file nobody is owed what was before there was an agent.
    """
    (made,) = connection.execute(
        "SELECT min(start) FROM statistics WHERE kind = ?", (code,)
    ).fetchone()
    (owed,) = connection.execute(
        "SELECT min(start) FROM deliveries WHERE station = ? AND cn = ? AND start >= ?",
        (station.id, cn, begin),
    ).fetchone()
    if station.since is None:
        return max(begin, float(closed if made is None else made))
    if made is None or owed is None or owed >= made:
        return begin
    return max(begin, float(made))
