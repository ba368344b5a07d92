"""What the watchdog is told, what a failed task does, and a check of the store to an end."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import FakeClock
from agent_site import T0, plan_with

from agent.bells import Bells
from agent.errors import StoreError
from agent.line import Line
from agent.metrics import Metrics
from agent.poll import BusPoll
from agent.store import series
from agent.store.db import Job, Store
from agent.timekeeping import Timekeeper
from agent.vitals import CHECK_STEPS, POLL_GRACE_S, Vitals, concerns_store


class StuckStore(Store):
    """A store whose disk does not answer."""

    async def write(self, job: Job[Any], **_: Any) -> Any:
        await asyncio.Event().wait()


def vitals_of(store: Store, clock: FakeClock, *lines: Line) -> Vitals:
    return Vitals(store, clock, Metrics(), lambda: lines)


async def line_on(store: Store, clock: FakeClock) -> Line:
    """Give a line with one instrument that was not asked yet."""
    plan = plan_with()
    names = await store.write(
        lambda one: series.register(one, series=plan.series(), devices=plan.devices())
    )
    time, bells, metrics = Timekeeper(clock, store), Bells(), Metrics()
    line = Line(plan.site.buses[0], plan, names, store, clock, time, bells, metrics)
    device = type("Device", (), {"id": "ph"})()
    line.poll = BusPoll(
        "net1",
        [(device, 10.0)],
        plan=plan,
        names=names,
        store=store,
        clock=clock,
        time=time,
        bells=bells,
        metrics=metrics,
    )
    return line


async def test_daemon_is_alive_while_writer_and_lines_answer(store: Store) -> None:
    clock = FakeClock(T0)
    assert await vitals_of(store, clock, await line_on(store, clock)).alive()


async def test_line_that_has_not_polled_for_long_is_not_alive(store: Store) -> None:
    clock = FakeClock(T0)
    vitals = vitals_of(store, clock, await line_on(store, clock))
    clock.go(POLL_GRACE_S + 9)
    assert await vitals.alive()
    clock.go(2)
    assert not await vitals.alive()


async def test_stuck_writer_is_no_answer(store: Store, directory: Path) -> None:
    vitals = vitals_of(StuckStore(directory), FakeClock(T0))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await vitals.alive()


async def test_crash_of_a_task_is_counted_and_journalled(store: Store) -> None:
    vitals = vitals_of(store, FakeClock(T0))
    await vitals.crashed("bus net1", ValueError("x" * 1000))
    ((what, detail),) = await store.read(
        lambda one: one.execute("SELECT what, detail FROM journal").fetchall()
    )
    assert what == "task failed"
    assert json.loads(detail)["task"] == "bus net1"
    assert len(detail) < 700
    assert 'paikou_task_restarts_total{task="bus net1"} 1.0' in vitals.metrics.text()


@pytest.mark.parametrize(
    "error",
    [
        StoreError("disk"),
        sqlite3.OperationalError("disk I/O error"),
        ExceptionGroup("", [ValueError(), ExceptionGroup("", [StoreError("disk")])]),
    ],
)
async def test_trouble_with_the_store_is_not_restarted_away(store: Store, error: Exception) -> None:
    vitals = vitals_of(store, FakeClock(T0))
    with pytest.raises(type(error)):
        await vitals.crashed("bus net1", error)


def test_other_trouble_does_not_concern_the_store() -> None:
    assert not concerns_store(ExceptionGroup("", [ValueError(), OSError()]))


async def test_check_of_a_big_store_does_not_hold_up_the_end(store: Store) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO journal VALUES (?, 0, '', '', '', '')",
            [(number,) for number in range(CHECK_STEPS)],
        )

    await store.write(fill)
    vitals = vitals_of(store, FakeClock(T0))
    await vitals.check_store()
    vitals.stopping = True
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await vitals.check_store()
