"""The journal's chain, events and orders as rows."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.store import actions, events, journal
from agent.store.db import connect


@pytest.fixture
def connection(directory: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        yield connection


@pytest.fixture
def written(connection: sqlite3.Connection) -> sqlite3.Connection:
    for n in range(1, 6):
        journal.add(connection, "事件", {"n": n, "b": None, "a": 0.1}, at=1000.5 + n, who="值班")
    return connection


def test_untouched_journal_fits(written: sqlite3.Connection) -> None:
    assert journal.broken_at(written) is None


def test_empty_journal_fits_and_has_a_head(connection: sqlite3.Connection) -> None:
    assert journal.broken_at(connection) is None
    assert journal.head(connection) == "0" * 64


def test_head_is_the_newest_line(written: sqlite3.Connection) -> None:
    before = journal.head(written)
    line = journal.add(written, "one more", {}, at=2000.0)
    assert journal.head(written) == line != before


def test_whole_number_as_time_does_not_break_the_chain(written: sqlite3.Connection) -> None:
    journal.add(written, "full second", {}, at=2000)
    assert journal.broken_at(written) is None


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 0.001",
        "who = 'nobody'",
        "what = what || ' '",
        "detail = replace(detail, '3', '4')",
        "detail = detail || ' '",
        "hash = replace(hash, substr(hash, 1, 1), 'x')",
        "seq = 30",
    ],
)
def test_any_changed_byte_of_a_line_is_found(written: sqlite3.Connection, change: str) -> None:
    written.execute(f"UPDATE journal SET {change} WHERE seq = 3")
    assert journal.broken_at(written) in (3, 4)


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
def test_removed_line_is_found(written: sqlite3.Connection, seq: int) -> None:
    written.execute("DELETE FROM journal WHERE seq = ?", (seq,))
    assert journal.broken_at(written) == seq + 1


def test_removed_line_is_found_even_when_the_rest_moves_up(written: sqlite3.Connection) -> None:
    written.execute("DELETE FROM journal WHERE seq = 2")
    for seq in (3, 4, 5):
        written.execute("UPDATE journal SET seq = ? WHERE seq = ?", (seq - 1, seq))
    assert journal.broken_at(written) == 2


def test_exchanged_lines_are_found(written: sqlite3.Connection) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        written.execute("UPDATE journal SET seq = ? WHERE seq = ?", (new, old))
    assert journal.broken_at(written) == 3


def add_event(connection: sqlite3.Connection, ref: str, **more: object) -> int | None:
    keys = {"kind": "exceedance", "detail": {"值": 1}, "at": 5.0, **more}
    kind, detail = keys.pop("kind"), keys.pop("detail")
    return events.add(connection, kind, detail, ref=ref, outlet="DW001", factor="f", **keys)  # type: ignore[arg-type]


def test_same_fact_told_twice_is_one_event(connection: sqlite3.Connection) -> None:
    assert add_event(connection, "a") == 1
    assert add_event(connection, "a") is None
    assert len(events.newest(connection)) == 1


def test_event_is_open_until_it_is_ended(connection: sqlite3.Connection) -> None:
    def open_one(factor: str = "f") -> events.Event | None:
        found = events.open_ones(connection, "exceedance", outlet="DW001", factor=factor)
        return found[0] if found else None

    number = add_event(connection, "a")
    found = open_one()
    assert found is not None and number is not None
    assert (found.id, found.detail, found.ended_at) == (number, {"值": 1}, None)
    assert open_one("g") is None
    events.update(connection, number, {"值": 2})
    events.end(connection, number, 9.0)
    assert open_one() is None
    last = events.last(connection, "exceedance", outlet="DW001", factor="f")
    assert last is not None and (last.ended_at, last.detail) == (9.0, {"值": 2})


def order(connection: sqlite3.Connection, ref: str, device: str = "sampler") -> int | None:
    return actions.add(
        connection,
        ref=ref,
        device=device,
        kind="retain",
        cause="rule",
        request={"值": 1},
        now=1.0,
        not_after=100.0,
    )


def test_order_given_twice_is_one_order(connection: sqlite3.Connection) -> None:
    assert order(connection, "a") == 1
    assert order(connection, "a") is None
    assert len(actions.newest(connection, 10)) == 1


def state(connection: sqlite3.Connection, number: int) -> str:
    found = actions.get(connection, number)
    assert found is not None
    return found.state


def test_order_goes_from_queued_by_running_to_its_end(connection: sqlite3.Connection) -> None:
    number = order(connection, "a")
    assert number is not None and state(connection, number) == "queued"
    actions.start(connection, number, before={"at": 3.0}, now=2.0)
    found = actions.next_open(connection, "sampler")
    assert found is not None
    assert (found.state, found.started_at, found.before) == ("running", 2.0, {"at": 3.0})
    actions.finish(connection, number, "done", outcome={"bottle": 3}, now=4.0)
    found = actions.get(connection, number)
    assert found is not None
    assert (found.state, found.finished_at, found.outcome) == ("done", 4.0, {"bottle": 3})
    assert actions.next_open(connection, "sampler") is None


def test_only_what_is_queued_can_be_begun(connection: sqlite3.Connection) -> None:
    number = order(connection, "a")
    assert number is not None
    actions.doubt(connection, number)
    actions.start(connection, number, before=None, now=9.0)
    found = actions.get(connection, number)
    assert found is not None and (found.state, found.started_at) == ("unknown", None)


def test_start_puts_only_what_was_running_in_doubt(connection: sqlite3.Connection) -> None:
    numbers = [order(connection, ref) for ref in ("queued", "running", "done")]
    queued, running, done = (n for n in numbers if n is not None)
    actions.start(connection, running, before=None, now=1.0)
    actions.finish(connection, done, "done", outcome={}, now=1.0)
    assert actions.doubt_running(connection) == 1
    assert [state(connection, n) for n in (queued, running, done)] == ["queued", "unknown", "done"]


def test_oldest_open_order_of_its_own_device_is_next(connection: sqlite3.Connection) -> None:
    order(connection, "other", device="camera")
    first = order(connection, "a")
    order(connection, "b")
    found = actions.next_open(connection, "sampler")
    assert found is not None and found.id == first
