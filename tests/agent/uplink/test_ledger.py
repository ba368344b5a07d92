"""Ends are written down together, all of them, also those known when the connection breaks."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from agent_fakes import FakeClock
from agent_site import T0
from uplink_fakes import STATION, Desk, until

from agent.store import outbox
from agent.store.db import Store
from agent.store.outbox import KEPT, End, Row
from agent.uplink.ledger import SETTLING, TOGETHER, Ledger


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


async def owed(desk: Desk, count: int) -> list[Row]:
    await desk.owe_at(*range(count))
    return await desk.store.read(
        lambda connection: outbox.to_send(
            connection, STATION, now=desk.clock.now(), live_s=60.0, limit=count
        )
    )


@contextlib.asynccontextmanager
async def working(ledger: Ledger):  # type: ignore[no-untyped-def]
    task = asyncio.create_task(ledger.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_end_is_told_once_it_is_on_disk(desk: Desk) -> None:
    told: list[End] = []
    ledger = Ledger(desk.store, FakeClock(T0), told.extend)
    (row,) = await owed(desk, 1)
    async with working(ledger):
        ledger.note(End(row, "accepted", "9014"))
        assert row.id in ledger.settling
        await desk.until(lambda: bool(told))
        assert desk.states() == ["accepted"]
        assert ledger.settling == {}


@pytest.mark.parametrize("many", [True, False], ids=["many", "kept"])
async def test_many_ends_and_kept_rows_wait_for_no_company(desk: Desk, many: bool) -> None:
    told: list[End] = []
    ledger = Ledger(desk.store, FakeClock(T0), told.extend)
    (row,) = await owed(desk, 1)
    async with working(ledger):
        for _ in range(TOGETHER if many else 1):
            ledger.note(End(row, "accepted" if many else KEPT, ""))
        await until(lambda: bool(told))


async def test_what_was_noted_is_written_when_the_connection_ends(desk: Desk) -> None:
    ledger = Ledger(desk.store, FakeClock(T0), lambda _: None)
    (row,) = await owed(desk, 1)
    async with working(ledger):
        await asyncio.sleep(0)
        ledger.note(End(row, "accepted", "9014"))
    assert desk.states() == ["accepted"]


async def test_answer_that_comes_while_a_row_is_being_kept_closes_it(desk: Desk) -> None:
    told: list[End] = []
    ledger = Ledger(desk.store, FakeClock(T0), told.extend)
    (row,) = await owed(desk, 1)
    async with working(ledger):
        ledger.note(End(row, KEPT, "no 9014"))
        await asyncio.sleep(0)
        ledger.note(End(row, "accepted", "9014, late"))
        await desk.until(lambda: len(told) == 2)
    assert desk.states() == ["accepted"]
    assert ledger.settling == {}


def test_it_is_full_with_the_ends_of_two_commits(store: Store) -> None:
    ledger = Ledger(store, FakeClock(T0), lambda _: None)
    ledger.settling = dict.fromkeys(range(SETTLING - 1))  # type: ignore[assignment]
    assert not ledger.full
    ledger.settling[-1] = None  # type: ignore[assignment]
    assert ledger.full
