"""What is owed to platforms: identity, request numbers, order, delivery."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model import EVENT, Upload, Urgency
from agent.store import outbox
from agent.store.db import connect

NOW = 1_781_056_800.0
LIVE_S = 60.0
HOURLY = Upload("2061", "32", int(NOW), ("DataTime=1",))


@pytest.fixture
def connection(directory: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        yield connection


def owe(
    connection: sqlite3.Connection,
    cn: str = "2061",
    *,
    at: float = 0.0,
    now: float = NOW,
    station: str = "st1",
    packets: int = 1,
    urgency: Urgency = Urgency.LIVE,
    not_before: float | None = None,
) -> bool:
    upload = Upload(cn, "32", int(NOW + at), ("body",) * packets, urgency=urgency)
    return outbox.add(connection, station, upload, now=now, not_before=not_before)


def to_send(connection: sqlite3.Connection, now: float = NOW, **more: object) -> list[outbox.Row]:
    keys = {"live_s": LIVE_S, "limit": 100, **more}
    return outbox.to_send(connection, "st1", now=now, **keys)  # type: ignore[arg-type]


def backlog(connection: sqlite3.Connection, now: float = NOW, **more: object) -> list[outbox.Row]:
    keys = {"live_s": LIVE_S, "limit": 100, **more}
    return outbox.backlog(connection, "st1", now=now, **keys)  # type: ignore[arg-type]


def delivery(connection: sqlite3.Connection) -> list[str]:
    return [state for (state,) in connection.execute("SELECT state FROM deliveries")]


@pytest.mark.parametrize("cn", ["2011", "2061", EVENT])
def test_same_upload_is_owed_once(connection: sqlite3.Connection, cn: str) -> None:
    assert owe(connection, cn)
    assert not owe(connection, cn, now=NOW + 5)
    assert len(to_send(connection)) == 1


@pytest.mark.parametrize(
    "change",
    [{"cn": "2031"}, {"st": "31"}, {"at": int(NOW) + 3600}, {"revision": 1}],
)
def test_station_code_time_and_revision_make_another_upload(
    connection: sqlite3.Connection, change: dict[str, object]
) -> None:
    other = replace(HOURLY, **change)  # type: ignore[arg-type]
    assert outbox.add(connection, "st1", HOURLY, now=NOW)
    assert outbox.add(connection, "st1", other, now=NOW)
    assert outbox.add(connection, "st2", HOURLY, now=NOW)


def test_delivered_upload_is_not_owed_again_when_its_row_is_gone(
    connection: sqlite3.Connection,
) -> None:
    owe(connection)
    (row,) = to_send(connection)
    outbox.done(connection, row, "accepted", outcome="9014", now=NOW)
    connection.execute("DELETE FROM outbox")
    assert not owe(connection)


def test_packets_of_an_upload_are_numbered_and_have_a_request_number_each(
    connection: sqlite3.Connection,
) -> None:
    owe(connection, packets=3)
    rows = to_send(connection)
    assert [(row.pno, row.pnum) for row in rows] == [(1, 3), (2, 3), (3, 3)]
    assert len({row.qn_ms for row in rows}) == 3


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_request_numbers_only_rise_whatever_the_clock_does(steps: list[float]) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE qn (station TEXT PRIMARY KEY, last_ms INTEGER NOT NULL)")
        numbers = [outbox.next_qn(connection, "st1", NOW + step) for step in steps]
    assert all(one < other for one, other in pairwise(numbers))


def test_request_number_is_the_time_where_it_can_be(connection: sqlite3.Connection) -> None:
    assert outbox.next_qn(connection, "st1", NOW) == int(NOW * 1000)
    assert outbox.next_qn(connection, "st1", NOW) == int(NOW * 1000) + 1
    assert outbox.next_qn(connection, "st2", NOW) == int(NOW * 1000), "each station has its own"
    assert outbox.next_qn(connection, "st1", NOW + 9) == int((NOW + 9) * 1000)


def test_request_numbers_rise_over_a_restart_with_the_clock_an_hour_back(directory: Path) -> None:
    found = []
    for now in (NOW, NOW - 3600):
        with contextlib.closing(connect(directory / "store.db")) as connection:
            found.append(outbox.next_qn(connection, "st1", now))
    assert found[1] == found[0] + 1


def test_alarms_go_first_in_their_order_then_live_the_newest_first(
    connection: sqlite3.Connection,
) -> None:
    owe(connection, "2061", at=0)
    owe(connection, "2011", at=60)
    owe(connection, EVENT, at=500, urgency=Urgency.ALARM)
    owe(connection, "3015", at=100, urgency=Urgency.ALARM)
    owe(connection, "2051", at=30)
    assert [row.cn for row in to_send(connection)] == [EVENT, "3015", "2011", "2051", "2061"]


def test_what_waited_too_long_is_backlog_the_oldest_first(connection: sqlite3.Connection) -> None:
    for at in (300, 100, 200):
        owe(connection, at=at, now=NOW - 61)
    owe(connection, "2051", at=50)
    owe(connection, EVENT, urgency=Urgency.ALARM, now=NOW - 9999)
    assert [row.cn for row in to_send(connection)] == [EVENT, "2051"], "an alarm never gets old"
    assert [row.at - NOW for row in backlog(connection)] == [100, 200, 300]


def test_limit_counts_behind_those_already_on_their_way(connection: sqlite3.Connection) -> None:
    for at in range(5):
        owe(connection, at=at)
    first = to_send(connection, limit=2)
    busy = [row.id for row in first]
    second = to_send(connection, limit=2, busy=busy)
    assert [row.at - NOW for row in first + second] == [4, 3, 2, 1]
    late = NOW + 1000
    assert [row.at - NOW for row in backlog(connection, late, limit=2, busy=[1])] == [1, 2]


def test_row_waits_for_the_place_of_its_station_in_the_send_window(
    connection: sqlite3.Connection,
) -> None:
    owe(connection, not_before=NOW + 12)
    assert not to_send(connection, NOW + 11)
    assert len(to_send(connection, NOW + 12)) == 1


def test_row_does_not_wait_for_a_clock_that_went_back(connection: sqlite3.Connection) -> None:
    owe(connection, not_before=NOW + 12)
    assert len(to_send(connection, NOW - 3600)) == 1


def test_row_is_live_for_a_minute_from_its_place_in_the_send_window(
    connection: sqlite3.Connection,
) -> None:
    owe(connection, not_before=NOW + 90)
    for now in (NOW + 90, NOW + 149):
        (row,) = to_send(connection, now)
        assert row.live_from == NOW + 90
        assert not backlog(connection, now)
    assert not to_send(connection, NOW + 151)
    assert len(backlog(connection, NOW + 151)) == 1


def test_what_would_have_been_owed_long_ago_is_backlog_at_once(
    connection: sqlite3.Connection,
) -> None:
    assert outbox.add(connection, "st1", HOURLY, now=NOW, since=NOW - 9999)
    assert not to_send(connection)
    (row,) = backlog(connection)
    assert row.qn_ms == int(NOW * 1000), "its request number is of today"


def test_kept_alarms_let_the_others_go_before(connection: sqlite3.Connection) -> None:
    for at in range(20):
        owe(connection, "3015", at=at, urgency=Urgency.ALARM)
    owe(connection, "2061")
    for row in to_send(connection, limit=20):
        outbox.kept(connection, row, not_before=NOW + 30)
    assert [row.cn for row in to_send(connection, limit=20)] == ["2061"]
    again = to_send(connection, NOW + 30, limit=20)
    assert {(row.cn, row.attempts) for row in again} == {("3015", 1)}


def test_kept_row_becomes_backlog_by_its_age_and_its_packets_wait_with_it(
    connection: sqlite3.Connection,
) -> None:
    owe(connection, packets=2)
    outbox.kept(connection, to_send(connection)[0], not_before=NOW + 100)
    assert not to_send(connection, NOW + 99) + backlog(connection, NOW + 99)
    assert not to_send(connection, NOW + 100)
    assert [row.pno for row in backlog(connection, NOW + 100)] == [1, 2]


def test_kept_row_waits_also_under_a_clock_that_went_back_but_not_for_ever(
    connection: sqlite3.Connection,
) -> None:
    owe(connection)
    outbox.kept(connection, to_send(connection)[0], not_before=NOW + 30)
    assert not to_send(connection, NOW - 60)
    assert len(to_send(connection, NOW - 2 * outbox.LONGEST_WAIT_S)) == 1


def test_other_stations_rows_and_done_rows_are_not_sent(connection: sqlite3.Connection) -> None:
    owe(connection, station="st2")
    owe(connection)
    (row,) = to_send(connection)
    outbox.done(connection, row, "accepted", outcome="", now=NOW)
    assert not to_send(connection)
    assert outbox.depth(connection, "st1") == outbox.Depth(0, None)
    assert outbox.depth(connection, "st2") == outbox.Depth(1, int(NOW))


def test_delivery_is_closed_only_by_the_last_packet(connection: sqlite3.Connection) -> None:
    owe(connection, packets=3)
    rows = to_send(connection)
    for row in rows[1:]:
        outbox.done(connection, row, "accepted", outcome="", now=NOW)
        assert delivery(connection) == ["open"]
    outbox.done(connection, rows[0], "accepted", outcome="", now=NOW)
    assert delivery(connection) == ["accepted"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_upload_with_a_rejected_packet_is_not_delivered(
    connection: sqlite3.Connection, order: tuple[int, int]
) -> None:
    owe(connection, packets=2)
    rows = to_send(connection)
    for place in order:
        state = "rejected" if place == 0 else "accepted"
        outbox.done(connection, rows[place], state, outcome="", now=NOW)
    assert delivery(connection) == ["rejected"]


@pytest.mark.parametrize("cn", ["2011", EVENT])
def test_real_time_and_events_leave_no_delivery(connection: sqlite3.Connection, cn: str) -> None:
    owe(connection, cn)
    assert delivery(connection) == []


def test_outcome_of_a_send_is_written_down(connection: sqlite3.Connection) -> None:
    owe(connection)
    (row,) = to_send(connection)
    outbox.done(connection, row, "rejected", outcome="0x87 not authorized", now=NOW + 5)
    found = connection.execute("SELECT state, outcome, done_at, attempts FROM outbox").fetchone()
    assert found == ("rejected", "0x87 not authorized", NOW + 5, 1)
    assert outbox.states(connection, "st1") == [("2061", "rejected", 1)]


def test_only_real_time_uploads_get_too_old(connection: sqlite3.Connection) -> None:
    for cn in ("2011", "2051", EVENT):
        owe(connection, cn, at=-3600)
    owe(connection, "2011", at=0)
    owe(connection, "2011", at=-3600, station="st2")
    assert outbox.drop_old_real_time(connection, "st1", NOW - 60) == 1
    assert outbox.drop_old_real_time(connection, "st1", NOW - 60) == 0
    states = connection.execute("SELECT cn, state FROM outbox WHERE station = 'st1' ORDER BY id")
    assert states.fetchall() == [
        ("2011", "dropped"),
        ("2051", "open"),
        (EVENT, "open"),
        ("2011", "open"),
    ]


def test_number_given_again_does_not_close_the_row_that_has_it_now(
    connection: sqlite3.Connection,
) -> None:
    """On a full disk an upload may go while it is under way; the next one gets its number."""
    owe(connection, "2011")
    (gone,) = to_send(connection)
    connection.execute("DELETE FROM outbox")
    owe(connection, "2061")
    assert to_send(connection)[0].id == gone.id
    outbox.done(connection, gone, "accepted", outcome="9014", now=NOW)
    outbox.renumber(connection, gone, now=NOW + 60)
    (row,) = to_send(connection)
    assert (row.cn, delivery(connection)) == ("2061", ["open"])
    assert row.qn_ms < (NOW + 60) * 1000


@pytest.mark.parametrize("state", ["unconfirmed", "rejected"])
def test_what_was_accepted_late_stays_accepted(connection: sqlite3.Connection, state: str) -> None:
    owe(connection)
    (row,) = to_send(connection)
    outbox.done(connection, row, "accepted", outcome="9014, late", now=NOW)
    outbox.done(connection, row, state, outcome="the second time", now=NOW + 1)
    assert connection.execute("SELECT state, outcome, attempts FROM outbox").fetchone() == (
        "accepted",
        "9014, late",
        1,
    )
    assert delivery(connection) == ["accepted"]


def test_what_was_given_up_and_is_taken_after_all_is_accepted(
    connection: sqlite3.Connection,
) -> None:
    owe(connection)
    (row,) = to_send(connection)
    outbox.done(connection, row, "dropped", outcome="abandoned", now=NOW)
    outbox.done(connection, row, "accepted", outcome="9014", now=NOW + 1)
    assert delivery(connection) == ["accepted"]


def test_many_ends_are_written_down_at_once_each_as_it_was(connection: sqlite3.Connection) -> None:
    for number in range(6):
        owe(connection, "2011" if number == 5 else "2061", at=number, packets=2)
    rows = {(row.at - int(NOW), row.pno): row for row in to_send(connection)}
    owe(connection, at=9, station="st2")
    said = {
        (0, 1): "accepted",
        (0, 2): "accepted",
        (1, 1): "accepted",
        (2, 1): "rejected",
        (2, 2): "accepted",
        (3, 1): "unconfirmed",
        (3, 2): "accepted",
        (4, 1): outbox.KEPT,
        (5, 1): "accepted",
    }
    ends = [outbox.End(rows[key], state, f"why {key}", NOW + 30) for key, state in said.items()]
    outbox.settle(connection, ends, now=NOW + 1)
    found = connection.execute("SELECT at, pno, state, outcome, done_at, attempts FROM outbox")
    by_key = {(at - int(NOW), pno): told for at, pno, *told in found}
    for key, state in said.items():
        if state != outbox.KEPT:
            assert by_key[key] == [state, f"why {key}", NOW + 1, 1], key
    assert by_key[4, 1] == by_key[4, 2] == ["open", "why (4, 1)", None, 1], "they wait together"
    assert by_key[1, 2] == by_key[5, 2] == by_key[9, 1] == ["open", "", None, 0]
    states = dict(connection.execute("SELECT start - ?, state FROM deliveries", (int(NOW),)))
    assert states == {
        0: "accepted",
        1: "open",
        2: "rejected",
        3: "unconfirmed",
        4: "open",
        9: "open",
    }


def test_end_that_comes_twice_changes_nothing_of_its_neighbours(
    connection: sqlite3.Connection,
) -> None:
    for number in range(2):
        owe(connection, at=number)
    first, second = backlog(connection, NOW + 600)
    outbox.done(connection, first, "accepted", outcome="9014", now=NOW)
    ends = [outbox.End(first, "unconfirmed", "again"), outbox.End(second, "rejected", "no")]
    outbox.settle(connection, ends, now=NOW + 1)
    found = connection.execute("SELECT state, outcome, attempts FROM outbox ORDER BY at")
    assert found.fetchall() == [("accepted", "9014", 1), ("rejected", "no", 1)]
    assert delivery(connection) == ["accepted", "rejected"]


@pytest.mark.parametrize("packets", [1, 2])
def test_answer_that_comes_while_its_end_is_not_written_yet_is_the_end(
    connection: sqlite3.Connection, packets: int
) -> None:
    owe(connection, packets=packets)
    rows = to_send(connection)
    ends = [outbox.End(row, state, state) for state in ("unconfirmed", "accepted") for row in rows]
    outbox.settle(connection, ends, now=NOW)
    found = connection.execute("SELECT state, outcome, attempts FROM outbox").fetchall()
    assert found == [("accepted", "accepted", 1)] * packets
    assert delivery(connection) == ["accepted"]


def test_end_of_a_row_that_is_gone_changes_nothing(connection: sqlite3.Connection) -> None:
    owe(connection, packets=2)
    first, second = to_send(connection)
    connection.execute("DELETE FROM outbox WHERE id = ?", (first.id,))
    outbox.done(connection, first, "rejected", outcome="no", now=NOW)
    assert delivery(connection) == ["open"]
    outbox.done(connection, second, "accepted", outcome="9014", now=NOW)
    assert delivery(connection) == ["accepted"]


OTHERS = [
    ("st1", {"cn": "2051"}),
    ("st1", {"st": "31"}),
    ("st1", {"at": int(NOW) + 3600}),
    ("st1", {"revision": 1}),
    ("st2", {}),
]
"""Uploads that differ from HOURLY in one part of their identity."""


@pytest.mark.parametrize(("station", "change"), OTHERS)
def test_end_is_for_no_other_row_that_was_given_its_number(
    connection: sqlite3.Connection, station: str, change: dict[str, Any]
) -> None:
    outbox.add(connection, "st1", HOURLY, now=NOW)
    (row,) = to_send(connection)
    connection.execute("DELETE FROM outbox")
    outbox.add(connection, station, replace(HOURLY, **change), now=NOW)
    assert connection.execute("SELECT id FROM outbox").fetchall() == [(row.id,)]
    outbox.done(connection, row, "accepted", outcome="9014", now=NOW)
    assert connection.execute("SELECT state FROM outbox").fetchall() == [("open",)]
    assert delivery(connection) == ["open", "open"]


@pytest.mark.parametrize(("station", "change"), OTHERS)
def test_upload_is_delivered_whatever_its_like_waits_for(
    connection: sqlite3.Connection, station: str, change: dict[str, Any]
) -> None:
    outbox.add(connection, "st1", HOURLY, now=NOW)
    (row,) = to_send(connection)
    outbox.add(connection, station, replace(HOURLY, **change), now=NOW)
    outbox.done(connection, row, "accepted", outcome="9014", now=NOW)
    found = connection.execute(
        "SELECT state FROM deliveries WHERE (station, cn, start, st, revision) = (?, ?, ?, ?, ?)",
        ("st1", HOURLY.cn, HOURLY.at, HOURLY.st, HOURLY.revision),
    )
    assert found.fetchall() == [("accepted",)]
    assert sorted(delivery(connection)) == ["accepted", "open"]


def test_end_of_a_row_under_a_new_number_is_its_end(connection: sqlite3.Connection) -> None:
    owe(connection)
    (row,) = to_send(connection)
    outbox.renumber(connection, row, now=NOW + 60)
    outbox.done(connection, row, "accepted", outcome="9014", now=NOW)
    assert delivery(connection) == ["accepted"]


def test_rows_under_way_are_not_read_again(connection: sqlite3.Connection) -> None:
    for number in range(4):
        owe(connection, at=number)
    first, *others = backlog(connection, NOW + 600)
    assert backlog(connection, NOW + 600, busy=[first.id], limit=2) == others[:2]
    newest, *rest = to_send(connection)
    assert to_send(connection, busy={newest.id}) == rest
