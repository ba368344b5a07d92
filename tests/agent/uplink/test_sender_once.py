"""Each row is under way once at a time, and what is known of it is not forgotten."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import pytest
from agent_fakes import FakeClock
from agent_site import T0
from uplink_fakes import STATION, Desk, manners

from agent.store import outbox
from agent.store.db import Store
from agent.store.outbox import Row
from agent.uplink.manners import Confirmation
from agent.uplink.picking import LIVE_S, Picker


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


class RunningClock(FakeClock):
    """A second later each time somebody looks: a quick clock, or a busy machine."""

    def now(self) -> float:
        self.at += 1.0
        return self.at


@dataclass(slots=True)
class WrittenMeanwhile:
    """A store in which a delivery that failed is noted between two readings of one job."""

    store: Store
    row: Row

    async def read(self, job):  # type: ignore[no-untyped-def]
        connection = sqlite3.connect(self.store.path)
        asked = []

        def between(sql: str) -> None:
            asked.append(sql)
            if len(asked) == 2:
                with sqlite3.connect(self.store.path) as other:
                    outbox.kept(other, self.row, not_before=0.0)

        connection.set_trace_callback(between)
        try:
            return job(connection)
        finally:
            connection.close()
            assert len(asked) >= 2


def ids(rows: list[Row]) -> list[int]:
    return [row.id for row in rows]


async def test_row_that_grows_old_while_rows_are_picked_is_picked_once(desk: Desk) -> None:
    await desk.owe()
    for age_s in range(int(LIVE_S) - 3, int(LIVE_S) + 3):
        clock = RunningClock(T0 + age_s)
        picker = Picker(manners(), desk.store, clock, Confirmation(), tokens=5.0)
        assert ids(await picker.pick(0.0, 20, busy=(), notices=True)) == [1], age_s


async def test_row_that_is_written_to_while_rows_are_picked_is_picked_once(desk: Desk) -> None:
    late = desk.clock.now() + 2 * LIVE_S
    await desk.owe()
    await desk.store.write(
        lambda connection: connection.execute("UPDATE outbox SET not_before = ?", (late - 1,))
    )
    ((row),) = await desk.store.read(
        lambda connection: outbox.to_send(connection, STATION, now=late, live_s=LIVE_S, limit=1)
    )
    desk.clock.go(2 * LIVE_S)
    store = WrittenMeanwhile(desk.store, row)
    picker = Picker(manners(), store, desk.clock, Confirmation(), tokens=5.0)  # type: ignore[arg-type]
    assert ids(await picker.pick(0.0, 20, busy=(), notices=True)) == [row.id]


async def test_row_that_grows_old_is_sent_once_by_a_sender_that_goes_on(desk: Desk) -> None:
    desk.clock = RunningClock(T0)
    await desk.owe()
    desk.clock.at = T0 + LIVE_S - 10
    async with desk.sending():
        await desk.until_states("accepted")
    assert len(desk.link.published) == 1


async def test_late_answer_ends_the_wait_of_the_same_upload_under_another_number(
    desk: Desk,
) -> None:
    await desk.owe()
    sender = desk.sender(ack="9014", resends=0, fresh_qn=True, pause_s=0.001)
    async with desk.sending(sender):
        await desk.until(lambda: desk.rows("SELECT attempts FROM outbox") == [(1,)])
        sender.adopt(manners(ack="9014", resends=0, fresh_qn=True, timeout_s=60.0))
        await desk.until(lambda: desk.link.published[-1].qn != desk.link.published[0].qn)
        await desk.until(lambda: bool(sender._awaited._waiting))
        sender.acknowledged(desk.link.published[0].qn)
        await desk.until_states("accepted")
        await desk.until(lambda: not sender._flights)


async def test_row_whose_answer_came_while_rows_were_read_is_not_sent_again(desk: Desk) -> None:
    await desk.owe()
    sender = desk.sender(ack="9014")
    (row,) = await sender._next(0.0)
    sender._awaited.late.append(row)
    assert await sender._next(0.0) == []
