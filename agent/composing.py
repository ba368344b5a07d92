"""Makes uploads out of stored rows: what a station is told of a period, or of right now.

`periods` does it when a period closes, `paikou resend` again when the message itself is gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from agent import report
from agent.model import Kind, Period, Statistic, Upload
from agent.plan import StationPlan
from agent.store import measurements, samples, statistics
from agent.store.checks import CheckRecord
from agent.store.series import Names
from agent.substitution import Verdict


def live(
    connection: sqlite3.Connection, station: StationPlan, st: str, at: int, *, names: Names
) -> list[report.Live]:
    """Give the newest of each factor a station reports under one system code."""
    found = []
    for outlet in station.by_st()[st]:
        oldest = max((one.state_age_s for one in outlet.factors.values()), default=0.0)
        newest = samples.newest(
            connection, outlet=outlet.id, since=at - oldest, until=at, names=names
        )
        for one in outlet.factors.values():
            if not station.wants(one.factor):
                continue
            sample = newest.get(one.factor)
            if sample is not None and at - sample.at > one.state_age_s:
                sample = None
            result = measurements.newest(
                connection, outlet=outlet.id, factor=one.factor, until=at, names=names
            )
            found.append(report.Live(one.factor, one.batch, one.max_age_s, sample, result))
    return found


def of_period(
    connection: sqlite3.Connection,
    station: StationPlan,
    st: str,
    period: Period,
    rows: Iterable[Statistic],
    *,
    names: Names,
) -> Upload | None:
    """Make the upload of a period out of its rows; None when there is nothing to say."""
    minutes = period.kind in (Kind.MINUTE, Kind.N_MINUTES)
    repeat = minutes and station.destination.batch_in_minutes == "repeat_flagged"
    wanted = [row for row in rows if station.wants(row.factor)]
    held = []
    if repeat:
        found = live(connection, station, st, period.end, names=names)
        held = [one for one in found if one.batch]
    if not wanted and not held:
        return None
    medium = station.by_st()[st][0].medium
    upload = report.periodic(station.wording, period, st=st, medium=medium, rows=wanted, held=held)
    # without revisions it gets each period once, whatever is known of it later on
    return upload if station.destination.revisions else replace(upload, revision=0)


def of_check(
    station: StationPlan, check: CheckRecord, number: int, *, asked: bool = False
) -> Upload | None:
    """Make the upload of an instrument's own check; None where this station is not told of it."""
    st = next((one.st for one in station.outlets if one.id == check.outlet), None)
    told = check.channel == "auto" and (asked or station.destination.wire.check_upload)
    if st is None or not told or not station.wants(check.factor):
        return None
    if check.reading is None or check.nominal is None:
        return None
    said = report.CheckSaid(
        check.factor,
        check.start,
        number,
        check.reading,
        check.nominal,
        passed=check.verdict is Verdict.PASS,
    )
    return report.checked(station.wording, said, st=st)


def again(
    connection: sqlite3.Connection, station: StationPlan, st: str, period: Period, *, names: Names
) -> Upload | None:
    """Make the upload of a closed period once more; None when its statistics are not there."""
    rows: list[Statistic] = []
    for one in station.by_st()[st]:
        found = statistics.of(
            connection,
            period,
            outlet=one.id,
            names=names,
            first=not station.destination.revisions,
        )
        rows += (found[code] for code in one.factors if code in found)
    return of_period(connection, station, st, period, rows, names=names) if rows else None
