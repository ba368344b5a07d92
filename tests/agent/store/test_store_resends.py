"""What is asked for again keeps its identity, text and numbers, and goes as backlog."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from agent_site import DAY, HOUR, T0

from agent.model import Upload, Urgency
from agent.store import abandoned, outbox, resends
from agent.store.db import Store

AT = int(T0)
KEY = ("st1", "2061", "32", AT, 0)


def upload(*packets: str, at: int = AT, shared: bool = False) -> Upload:
    return Upload("2061", "32", at, packets or ("one",), shared_qn=shared)


async def owed(store: Store, *packets: str, state: str = "accepted", shared: bool = False) -> None:
    def job(connection: sqlite3.Connection) -> None:
        outbox.add(connection, "st1", upload(*packets, shared=shared), now=T0)
        for row in rows(connection):
            outbox.done(connection, row, state, outcome="9014", now=T0 + 1)

    await store.write(job)


def rows(connection: sqlite3.Connection, **keys: Any) -> list[outbox.Row]:
    asked: dict[str, Any] = {"now": T0 + HOUR, "live_s": 60, "limit": 100}
    live = outbox.to_send(connection, "st1", **asked)
    return live + outbox.backlog(connection, "st1", **asked, **keys)


async def reopened(store: Store) -> int | None:
    return await store.write(lambda c: resends.reopen(c, *KEY, why="resend by wang: -"))


async def debt(store: Store) -> str:
    (state,) = await store.read(lambda c: c.execute("SELECT state FROM deliveries").fetchone())
    return str(state)


async def test_stored_upload_goes_again_as_it_was(store: Store) -> None:
    await owed(store, "one", "two")
    before = await store.read(lambda c: c.execute("SELECT qn_ms, body FROM outbox").fetchall())
    assert await reopened(store) == 2
    found = await store.read(rows)
    assert [(row.qn_ms, row.body) for row in found] == before
    assert {row.urgency for row in found} == {Urgency.ASKED}
    assert [row.outcome for row in found] == ["resend by wang: -"] * 2
    assert all(row.attempts == 1 for row in found), "it was sent before: RF goes by this"
    assert await debt(store) == "open"


async def test_what_is_owed_anyway_goes_out_as_asked_for(store: Store) -> None:
    await store.write(lambda c: outbox.add(c, "st1", upload(), now=T0))
    assert await reopened(store) == 0
    (row,) = await store.read(rows)
    # an unconfirmed platform gets no other backlog
    assert (row.urgency, row.outcome) == (Urgency.ASKED, "resend by wang: -")


@pytest.mark.parametrize("state", ["rejected", "unconfirmed", "dropped"])
async def test_what_ended_badly_can_be_asked_for(store: Store, state: str) -> None:
    await owed(store, state=state)
    assert await reopened(store) == 1
    assert await debt(store) == "open"


async def test_upload_that_is_gone_is_owed_under_its_identity(store: Store) -> None:
    await owed(store)
    await store.write(lambda c: c.execute("DELETE FROM outbox").rowcount)
    assert await reopened(store) is None
    again = upload("made again")
    assert await store.write(
        lambda c: resends.owe_again(c, "st1", again, now=T0 + DAY, why="resend by wang: -")
    )
    (row,) = await store.read(rows)
    assert (row.at, row.revision, row.body, row.urgency) == (AT, 0, "made again", Urgency.ASKED)
    assert row.live_from == AT, "it is as late as its period"
    assert await debt(store) == "open"
    assert await store.read(lambda c: c.execute("SELECT count(*) FROM deliveries").fetchone()) == (
        1,
    )


async def test_upload_half_pruned_is_made_whole(store: Store) -> None:
    await owed(store, "one", "two")
    await store.write(lambda c: c.execute("DELETE FROM outbox WHERE pno = 1").rowcount)
    assert await reopened(store) is None
    await store.write(
        lambda c: resends.owe_again(c, "st1", upload("one", "two"), now=T0, why="why")
    )
    assert [row.body for row in await store.read(rows)] == ["one", "two"]


async def test_platform_that_never_answers_gets_only_what_was_asked_for(store: Store) -> None:
    await owed(store)
    await reopened(store)
    old = upload("late", at=AT - HOUR)
    await store.write(lambda c: outbox.add(c, "st1", old, now=T0 - HOUR))
    assert [row.body for row in await store.read(rows)] == ["late", "one"]
    assert [row.body for row in await store.read(lambda c: rows(c, asked_only=True))] == ["one"]


async def test_what_is_asked_for_is_never_live_however_young(store: Store) -> None:
    await owed(store)
    await reopened(store)

    def live(connection: sqlite3.Connection) -> list[outbox.Row]:
        return outbox.to_send(connection, "st1", now=T0 + 2, live_s=60, limit=10)

    assert await store.read(live) == []


async def test_packets_share_a_number_where_the_platform_wants_that(store: Store) -> None:
    await store.write(lambda c: outbox.add(c, "st1", upload("1", "2", "3", shared=True), now=T0))
    found = await store.read(rows)
    assert [row.body for row in found] == ["1", "2", "3"]
    assert len({row.qn_ms for row in found}) == 1
    await store.write(lambda c: outbox.add(c, "st1", upload("x", at=AT + 60), now=T0))
    assert len({row.qn_ms for row in await store.read(rows)}) == 2


async def test_what_nobody_took_is_given_up_on_the_books(store: Store) -> None:
    def lay(connection: sqlite3.Connection) -> None:
        for cn, at in (
            ("2061", AT),
            ("2061", AT + 1),
            ("2051", AT),
            ("2011", AT),
            ("2061", AT + 9),
        ):
            outbox.add(connection, "st1", Upload(cn, "32", at, ("a", "b")), now=T0)

    await store.write(lay)
    given_up = await store.write(lambda c: abandoned.abandon(c, AT + 5, minutes=False, limit=1))
    assert given_up == [("st1", "2061", 1)]
    given_up = await store.write(lambda c: abandoned.abandon(c, AT + 5, minutes=False, limit=9))
    assert given_up == [("st1", "2061", 1)]
    given_up = await store.write(lambda c: abandoned.abandon(c, AT + 5, minutes=True, limit=9))
    assert given_up == [("st1", "2051", 1)]
    assert await store.write(lambda c: abandoned.abandon(c, AT + 5, minutes=True, limit=9)) == []
    states = await store.read(
        lambda c: c.execute("SELECT cn, start, state FROM deliveries ORDER BY cn, start").fetchall()
    )
    assert states == [
        ("2051", AT, "abandoned"),
        ("2061", AT, "abandoned"),
        ("2061", AT + 1, "abandoned"),
        ("2061", AT + 9, "open"),
    ]
    open_ones = await store.read(
        lambda c: c.execute("SELECT DISTINCT cn, at FROM outbox WHERE state = 'open'").fetchall()
    )
    assert sorted(open_ones) == [("2011", AT), ("2061", AT + 9)]
