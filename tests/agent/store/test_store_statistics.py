"""Statistics, results of analyzers and cursors: revision 0 stays, a result is one row."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.model import Cause, Kind, Measurement, Period, Statistic
from agent.store import cursors, journal, measurements, statistics
from agent.store.db import connect
from agent.store.series import Names

NAMES = Names(
    series={
        ("DW001", "w01018", "rtd"): 1,
        ("DW001", "w01018", "zs"): 2,
        ("DW001", "w00000", "rtd"): 3,
        ("DW002", "w01018", "rtd"): 4,
    },
    devices={"cod": 1},
)
START = 1_781_056_800
HOUR = Period(Kind.HOUR, START)
ROW = Statistic(
    outlet="DW001",
    factor="w01018",
    period=HOUR,
    avg=41.25,
    min=40.0,
    max=None,
    cou=0.0,
    cause=Cause.NORMAL,
    abnormal=Cause.CALIBRATION,
    share=0.8,
    valid=True,
    parts=48,
    due=60,
    reason="weighted over 40 of 48",
    weighted=True,
    zs_avg=50.5,
    zs_min=None,
    zs_max=61.0,
)


@pytest.fixture
def connection(directory: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        yield connection


def all_of(connection: sqlite3.Connection) -> list[Statistic]:
    return statistics.between(connection, replace(HOUR, start=0), 2**40, "DW001", NAMES)


def test_statistic_comes_back_as_it_was(connection: sqlite3.Connection) -> None:
    statistics.add(connection, [ROW], names=NAMES)
    assert statistics.of(connection, HOUR, outlet="DW001", names=NAMES) == {"w01018": ROW}


def test_revision_zero_is_never_altered(connection: sqlite3.Connection) -> None:
    statistics.add(connection, [ROW], names=NAMES)
    with pytest.raises(sqlite3.IntegrityError):
        statistics.add(connection, [replace(ROW, avg=99.0)], names=NAMES)
    assert all_of(connection) == [ROW]


def test_later_statement_stands_beside_the_earlier_one_and_is_journalled(
    connection: sqlite3.Connection,
) -> None:
    statistics.add(connection, [ROW], names=NAMES)
    assert statistics.revise(connection, ROW, replace(ROW, avg=42.0), names=NAMES, now=1.0)
    (newest,) = all_of(connection)
    assert (newest.revision, newest.avg) == (1, 42.0)
    stored = connection.execute("SELECT revision, avg FROM statistics ORDER BY revision").fetchall()
    assert stored == [(0, 41.25), (1, 42.0)]
    assert connection.execute("SELECT what FROM journal").fetchall() == [("revision",)]
    assert journal.broken_at(connection) is None


def test_statement_that_says_the_same_is_no_revision(connection: sqlite3.Connection) -> None:
    statistics.add(connection, [ROW], names=NAMES)
    (stored,) = all_of(connection)
    assert not statistics.revise(connection, stored, ROW, names=NAMES, now=1.0)
    assert statistics.revise(connection, stored, replace(ROW, avg=1.0), names=NAMES, now=1.0)
    (stored,) = all_of(connection)
    assert not statistics.revise(connection, stored, replace(ROW, avg=1.0), names=NAMES, now=1.0)
    assert statistics.revise(connection, stored, ROW, names=NAMES, now=1.0)
    assert [row.revision for row in all_of(connection)] == [2]


def test_rows_are_of_one_outlet_and_one_kind(connection: sqlite3.Connection) -> None:
    minute = Period(Kind.MINUTE, START)
    five = Period(Kind.N_MINUTES, START, 5)
    for period in (HOUR, minute, five):
        statistics.add(connection, [replace(ROW, period=period)], names=NAMES)
    statistics.add(connection, [replace(ROW, outlet="DW002", avg=1.0)], names=NAMES)
    statistics.add(connection, [replace(ROW, factor="w00000")], names=NAMES)
    found = statistics.of(connection, HOUR, outlet="DW001", names=NAMES)
    assert set(found) == {"w01018", "w00000"}
    assert found["w01018"].avg == ROW.avg
    (found_five,) = statistics.of(connection, five, outlet="DW001", names=NAMES).values()
    assert found_five.period == five


def test_kinds_are_written_by_their_length() -> None:
    periods = [Period(kind, 0, 10) for kind in Kind]
    assert [statistics.code(one) for one in periods] == ["1m", "10m", "1h", "1d", "1M"]


def test_period_is_closed_once_one_of_its_factors_has_a_row(connection: sqlite3.Connection) -> None:
    def closed(period: Period, outlet: str) -> bool:
        return statistics.exists(connection, period, outlet=outlet, names=NAMES)

    statistics.add(connection, [ROW], names=NAMES)
    assert closed(HOUR, "DW001")
    assert not closed(HOUR, "DW002")
    assert not closed(HOUR.next(), "DW001")
    assert not closed(Period(Kind.MINUTE, START), "DW001")


RESULT = Measurement("DW001", "w01018", "cod", START, START + 3600.5, START + 3610.25, 47.5)


def test_result_comes_back_by_its_hour_of_sampling(connection: sqlite3.Connection) -> None:
    later = replace(RESULT, completed_at=START + 3700.0, value=None, cause=Cause.CALIBRATION)
    assert measurements.add(connection, later, names=NAMES)
    assert measurements.add(connection, RESULT, names=NAMES)
    found = measurements.of_hour(connection, START, outlet="DW001", factor="w01018", names=NAMES)
    assert found == [RESULT, later], "oldest first"
    assert not measurements.of_hour(
        connection, START + 3600, outlet="DW001", factor="w01018", names=NAMES
    )


def test_same_result_told_again_is_one_row(connection: sqlite3.Connection) -> None:
    assert measurements.add(connection, RESULT, names=NAMES)
    again = replace(RESULT, received_at=START + 9999.0, value=1.0)
    assert not measurements.add(connection, again, names=NAMES)
    (kept,) = measurements.of_hour(connection, START, outlet="DW001", factor="w01018", names=NAMES)
    assert kept == RESULT


def newest(connection: sqlite3.Connection, until: float) -> Measurement | None:
    return measurements.newest(
        connection, outlet="DW001", factor="w01018", until=until, names=NAMES
    )


def test_newest_result_is_the_last_that_had_come_by_then(connection: sqlite3.Connection) -> None:
    assert newest(connection, START + 1e6) is None
    measurements.add(connection, RESULT, names=NAMES)
    second = replace(RESULT, completed_at=START + 7200.0, received_at=START + 7210.0, value=48.0)
    measurements.add(connection, second, names=NAMES)
    assert newest(connection, START + 3600.0) is None
    first = newest(connection, START + 7209.0)
    assert first is not None and first.value == 47.5
    last = newest(connection, START + 7210.0)
    assert last is not None and last.value == 48.0


def test_result_an_analyzer_dates_into_the_future_is_not_the_newest_for_years(
    connection: sqlite3.Connection,
) -> None:
    measurements.add(connection, RESULT, names=NAMES)
    ahead = replace(RESULT, completed_at=START + 3e8, cause=Cause.FAULT)
    measurements.add(connection, ahead, names=NAMES)
    found = newest(connection, START + 7200.0)
    assert found is not None and found.completed_at == RESULT.completed_at


def test_what_came_in_is_told_in_order_behind_the_last_one_seen(
    connection: sqlite3.Connection,
) -> None:
    for hours in range(3):
        one = replace(RESULT, sampled_at=START - hours, completed_at=START + float(hours))
        measurements.add(connection, one, names=NAMES)
    found = measurements.arrived_after(connection, 1, names=NAMES)
    assert found == [(2, "DW001", "w01018", START - 1), (3, "DW001", "w01018", START - 2)]


def test_cursor_stands_where_it_was_put_last(connection: sqlite3.Connection) -> None:
    assert cursors.get(connection, "1h/DW001") is None
    for start in (100, 50):
        cursors.put(connection, "1h/DW001", start)
        assert cursors.get(connection, "1h/DW001") == start
    assert cursors.get(connection, "1h/DW002") is None


def test_last_period_closed_before_one_is_of_its_kind_and_outlet(
    connection: sqlite3.Connection,
) -> None:
    def last(period: Period, outlet: str = "DW001") -> Period | None:
        return statistics.last_before(connection, period, outlet=outlet, names=NAMES)

    later = Period(Kind.HOUR, START + 7200)
    statistics.add(connection, [ROW, replace(ROW, period=later)], names=NAMES)
    assert last(later) == HOUR
    assert last(later.next()) == later
    assert last(HOUR) is None
    assert last(later, "DW002") is None
    assert last(Period(Kind.DAY, START + 7200)) is None


def changed(connection: sqlite3.Connection) -> list[tuple[str, float]]:
    rows = connection.execute("SELECT detail, at FROM events WHERE kind = 'result_changed'")
    return [(detail, at) for detail, at in rows]


def test_af_08_result_read_otherwise_is_one_event_and_stays_as_it_was(
    connection: sqlite3.Connection,
) -> None:
    assert RESULT.value is not None
    measurements.add(connection, RESULT, names=NAMES)
    measurements.compare(connection, RESULT, names=NAMES)
    assert changed(connection) == []
    for value, at in ((RESULT.value + 1, 60), (RESULT.value + 1, 90), (RESULT.value + 2, 120)):
        again = replace(RESULT, value=value, received_at=RESULT.received_at + at)
        measurements.compare(connection, again, names=NAMES)
    ((detail, at),) = changed(connection)
    assert (json.loads(detail)["old"], json.loads(detail)["new"]) == (
        RESULT.value,
        RESULT.value + 1,
    )
    assert at == RESULT.received_at + 60
    ((value,),) = connection.execute("SELECT value FROM measurements").fetchall()
    assert value == RESULT.value
    lines = connection.execute("SELECT what FROM journal").fetchall()
    assert lines == [("event result_changed",)]


@pytest.mark.parametrize(
    "again", [{"cause": Cause.CALIBRATION, "value": 9e3}, {"value": None}], ids=repr
)
def test_result_seen_again_in_calibration_or_not_at_all_is_no_change(
    connection: sqlite3.Connection, again: dict[str, Any]
) -> None:
    measurements.add(connection, RESULT, names=NAMES)
    measurements.compare(connection, replace(RESULT, **again), names=NAMES)
    assert changed(connection) == []


def test_result_that_is_not_stored_is_compared_with_nothing(
    connection: sqlite3.Connection,
) -> None:
    measurements.compare(connection, RESULT, names=NAMES)
    assert changed(connection) == []
