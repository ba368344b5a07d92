"""What a platform has not got is found, whatever happened: beside a count by hand."""

from __future__ import annotations

import sqlite3
from itertools import groupby

import pytest
from agent_site import HOUR, MINUTE, T0
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Kind, Period
from agent.store import gaps as module
from agent.store.gaps import Due, Gap, counted, gaps

START = int(T0)
STATES = ("open", "accepted", "unconfirmed", "rejected", "dropped", "abandoned")


def due(*, count: int, rows_from: int = 0, closed: int = 10**9) -> Due:
    return Due(
        station="st1",
        kind="minute",
        cn="2051",
        st="32",
        first=Period(Kind.MINUTE, START),
        rows_from=START + rows_from * MINUTE,
        until=START + count * MINUTE,
        closed_before=START + closed * MINUTE,
        code="1m",
        series=(1, 2),
    )


@pytest.fixture
def rows() -> sqlite3.Connection:
    """The two tables the finder reads, as in the schema but without what it does not read."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE deliveries (station, cn, start, st, revision, state);"
        "CREATE TABLE statistics (kind, start, series, revision)"
    )
    return connection


def lay(
    connection: sqlite3.Connection,
    owed: list[tuple[int, int, str]],
    made: list[int] = [],  # noqa: B006  never changed
) -> None:
    """Lay (minute, revision, state) of what was owed, and the minutes that have statistics."""
    for table in ("deliveries", "statistics"):
        connection.execute(f"DELETE FROM {table}")
    connection.executemany(
        "INSERT INTO deliveries VALUES ('st1', '2051', ?, '32', ?, ?)",
        [(START + at * MINUTE, revision, state) for at, revision, state in owed],
    )
    connection.executemany(
        "INSERT INTO statistics VALUES ('1m', ?, 1, 0)", [(START + at * MINUTE,) for at in made]
    )


def found(connection: sqlite3.Connection, one: Due) -> list[tuple[int, int, int, str]]:
    """Give (first minute, last minute, count, why) of each gap."""
    return [
        ((gap.first - START) // MINUTE, (gap.last - START) // MINUTE, gap.count, gap.state)
        for gap in gaps(connection, one)
    ]


def test_everything_accepted_is_no_gap(rows: sqlite3.Connection) -> None:
    lay(rows, [(at, 0, "accepted") for at in range(10)])
    assert found(rows, due(count=10)) == []


def test_periods_in_a_row_that_lack_for_one_reason_are_one_gap(rows: sqlite3.Connection) -> None:
    states = ["accepted", "open", "open", "accepted", "rejected", "unconfirmed", "unconfirmed"]
    lay(rows, [(at, 0, state) for at, state in enumerate(states)])
    assert found(rows, due(count=7)) == [
        (1, 2, 2, "open"),
        (4, 4, 1, "rejected"),
        (5, 6, 2, "unconfirmed"),
    ]


def test_what_was_never_owed_is_told_by_its_statistics(rows: sqlite3.Connection) -> None:
    lay(rows, [(0, 0, "accepted")], made=[0, 1, 2])
    assert found(rows, due(count=6, closed=5)) == [
        (1, 2, 2, "never_made"),
        (3, 4, 2, "no_data"),
        (5, 5, 1, "pending"),
    ]


def test_newest_revision_speaks_for_the_period(rows: sqlite3.Connection) -> None:
    lay(rows, [(0, 0, "accepted"), (0, 1, "open"), (1, 0, "rejected"), (1, 1, "accepted")])
    assert found(rows, due(count=2)) == [(0, 0, 1, "open")]


def test_before_the_grid_only_what_was_owed_lacks(rows: sqlite3.Connection) -> None:
    lay(rows, [(-5, 0, "accepted"), (-3, 0, "abandoned"), (0, 0, "accepted")])
    assert found(rows, due(count=1, rows_from=-10)) == [(-3, -3, 1, "abandoned")]


def test_a_period_before_the_grid_or_beside_it_stands_for_none_that_lacks(
    rows: sqlite3.Connection,
) -> None:
    lay(rows, [(-1, 0, "accepted"), (0, 0, "accepted"), (2, 0, "accepted")], made=[1])
    rows.execute(
        "INSERT INTO deliveries VALUES ('st1', '2051', ?, '32', 0, 'accepted')", (START + 90,)
    )
    assert found(rows, due(count=3, rows_from=-1)) == [(1, 1, 1, "never_made")]


def test_other_stations_codes_and_kinds_do_not_count(rows: sqlite3.Connection) -> None:
    lay(rows, [])
    for station, cn, code in (("st2", "2051", "32"), ("st1", "2061", "32"), ("st1", "2051", "31")):
        rows.execute(
            "INSERT INTO deliveries VALUES (?, ?, ?, ?, 0, 'accepted')", (station, cn, START, code)
        )
    assert found(rows, due(count=1)) == [(0, 0, 1, "no_data")]


def test_sums_are_by_kind_and_reason() -> None:
    def gap(kind: str, count: int, state: module.State) -> Gap:
        return Gap("st1", kind, "32", START, START + HOUR, count, state)

    sums = counted(
        iter([gap("minute", 3, "open"), gap("minute", 2, "open"), gap("day", 1, "open")])
    )
    assert sums == {"minute": {"open": 5}, "day": {"open": 1}}


SOME = st.lists(
    st.tuples(st.integers(-15, 40), st.integers(0, 2), st.sampled_from(STATES)),
    unique_by=lambda one: one[:2],
)
"""Anything."""
MOST = st.builds(
    lambda missing, rest: [
        *((at, 0, "accepted") for at in range(-15, 41) if at not in missing),
        *((at, 1, state) for at, state in rest.items()),
    ],
    st.sets(st.integers(-15, 40), max_size=3),
    st.dictionaries(st.integers(-15, 40), st.sampled_from(STATES), max_size=2),
)
"""Nearly everything accepted, as it should be."""
OWED = st.one_of(SOME, MOST)
MADE = st.lists(st.integers(-15, 40), unique=True)


@settings(deadline=None)
@given(
    owed=OWED,
    made=MADE,
    count=st.integers(0, 35),
    closed=st.integers(0, 40),
    chunk=st.integers(1, 9),
)
def test_gaps_are_those_counted_by_hand(
    owed: list[tuple[int, int, str]], made: list[int], count: int, closed: int, chunk: int
) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE deliveries (station, cn, start, st, revision, state);"
        "CREATE TABLE statistics (kind, start, series, revision)"
    )
    lay(connection, owed, made)
    expected = []
    for at in range(-10, count):
        mine = [(revision, state) for minute, revision, state in owed if minute == at]
        if mine:
            state = max(mine)[1]
        elif at < 0:
            continue
        elif at >= closed:
            state = "pending"
        else:
            state = "never_made" if at in made else "no_data"
        expected.append((at, state))
    by_hand = []
    for state, run in groupby(expected, key=lambda one: one[1]):
        times = [at for at, _ in run]
        if state != "accepted":
            by_hand.append((times[0], times[-1], len(times), state))
    before, module.CHUNK = module.CHUNK, chunk
    try:
        assert found(connection, due(count=count, rows_from=-10, closed=closed)) == by_hand
    finally:
        module.CHUNK = before
        connection.close()
