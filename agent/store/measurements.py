"""Results of batch analyzers, one row each, found by their hour of sampling."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from agent.model import Cause, Measurement
from agent.store import events, journal
from agent.store.series import Names

CHANGED = "result_changed"
DAY_S = 86_400
AHEAD_S = 900.0
"""How far an analyzer's clock may be ahead of ours; a result from beyond is a fault anyway."""


def add(connection: sqlite3.Connection, result: Measurement, *, names: Names) -> bool:
    """Store a result; False when one of that time is there already, which stays as it is."""
    row = connection.execute(
        "INSERT OR IGNORE INTO measurements"
        " (series, device, sampled_at, completed_at, received_at, value, cause)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            names.series[result.outlet, result.factor, "rtd"],
            names.devices[result.device],
            result.sampled_at,
            result.completed_at,
            result.received_at,
            result.value,
            result.cause.value,
        ),
    )
    return row.rowcount == 1


def compare(connection: sqlite3.Connection, again: Measurement, *, names: Names) -> None:
    """Note where an analyzer's memory is not what was read of it before.

    One that says something else of the same time is the event `result_changed`, once for a
    result (AF-08).
    """
    series = names.series[again.outlet, again.factor, "rtd"]
    row = connection.execute(
        "SELECT value, cause FROM measurements WHERE series = ? AND completed_at = ?",
        (series, again.completed_at),
    ).fetchone()
    if row is None:  # pruned since, or lost with a full disk
        return
    stored, cause = row
    if {cause, again.cause.value} != {Cause.NORMAL.value} or again.value in (None, stored):
        return
    detail = {"device": again.device, "old": stored, "new": again.value}
    detail |= {"completed_at": again.completed_at}
    number = events.add(
        connection,
        CHANGED,
        detail,
        ref=f"{CHANGED}:{series}:{again.completed_at!r}",
        at=again.received_at,
        outlet=again.outlet,
        factor=again.factor,
        ended_at=again.received_at,
    )
    if number is not None:
        told = {"id": number, "outlet": again.outlet, "factor": again.factor, **detail}
        journal.add(connection, f"event {CHANGED}", told, at=again.received_at)


def of_hour(
    connection: sqlite3.Connection, sampled_at: int, *, outlet: str, factor: str, names: Names
) -> list[Measurement]:
    """Give the results of one factor whose water was taken in that hour, oldest first."""
    rows = connection.execute(
        "SELECT device, completed_at, received_at, value, cause FROM measurements"
        " WHERE sampled_at = ? AND series = ? ORDER BY completed_at",
        (sampled_at, names.series[outlet, factor, "rtd"]),
    )
    devices = {number: name for name, number in names.devices.items()}
    return [
        Measurement(
            outlet,
            factor,
            devices.get(device, ""),
            sampled_at,
            completed_at,
            received_at,
            value,
            Cause(cause),
        )
        for device, completed_at, received_at, value, cause in rows
    ]


def newest(
    connection: sqlite3.Connection, *, outlet: str, factor: str, until: float, names: Names
) -> Measurement | None:
    """Give the last result of a factor that had arrived by `until`.

    What the analyzer itself dated into the future does not hide those that come after it.
    """
    row = connection.execute(
        "SELECT sampled_at, completed_at, received_at, value, cause FROM measurements"
        " WHERE series = ? AND received_at <= ? AND completed_at <= ?"
        " ORDER BY completed_at DESC LIMIT 1",
        (names.series[outlet, factor, "rtd"], until, until + AHEAD_S),
    ).fetchone()
    if row is None:
        return None
    sampled_at, completed_at, received_at, value, cause = row
    return Measurement(
        outlet, factor, "", sampled_at, completed_at, received_at, value, Cause(cause)
    )


def completed(
    connection: sqlite3.Connection,
    begin: float,
    end: float,
    *,
    outlets: Collection[str],
    names: Names,
    limit: int,
    skip: int,
) -> list[Measurement]:
    """Give results of some outlets that were completed in [begin, end], oldest first."""
    keys = {
        number: key for key, number in names.series.items() if key[0] in outlets and key[2] == "rtd"
    }
    rows = connection.execute(
        "SELECT series, sampled_at, completed_at, received_at, value, cause FROM measurements"
        # by the index: nobody analyses for longer than a day
        " WHERE sampled_at >= ? AND sampled_at <= ? AND completed_at >= ? AND completed_at <= ?"
        f" AND series IN ({','.join('?' * len(keys))}) ORDER BY completed_at, series"
        " LIMIT ? OFFSET ?",
        (begin - DAY_S, end + DAY_S, begin, end, *keys, limit, skip),
    )
    return [
        Measurement(
            keys[series][0],
            keys[series][1],
            "",
            sampled_at,
            completed_at,
            received_at,
            value,
            Cause(cause),
        )
        for series, sampled_at, completed_at, received_at, value, cause in rows
    ]


def arrived_after(
    connection: sqlite3.Connection, last_id: int, *, names: Names
) -> list[tuple[int, str, str, int]]:
    """Give what came in behind that row: (row, outlet, factor, hour of sampling), oldest first."""
    keys = {number: key for key, number in names.series.items()}
    rows = connection.execute(
        "SELECT id, series, sampled_at FROM measurements WHERE id > ? ORDER BY id LIMIT 100",
        (last_id,),
    )
    return [
        (number, keys[series][0], keys[series][1], sampled_at)
        for number, series, sampled_at in rows
        if series in keys
    ]
