"""What the watchdog is told, and what a check of the store does to an end."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import FakeClock
from agent_site import T0, plan_with

from agent.app import CHECK_STEPS, POLL_GRACE_S, App, _concerns_store
from agent.crew import Crew, Post
from agent.errors import StoreError
from agent.line import Line
from agent.poll import BusPoll
from agent.reloading import InForce
from agent.store import series
from agent.store.db import Job, Store


class StuckStore(Store):
    """A store whose disk does not answer."""

    async def write(self, job: Job[Any], **_: Any) -> Any:
        await asyncio.Event().wait()


async def app_on(store: Store, clock: FakeClock) -> App:
    plan = plan_with(lambda site: site.update(storage={"directory": "/nowhere"}))
    app = App(Path("site.yaml"), InForce(plan, "hash"), store, clock)
    app._crew = Crew(None, app._crashed)  # type: ignore[arg-type]  # nobody is employed
    return app


async def with_line(app: App, clock: FakeClock, store: Store) -> None:
    """Put one line to work, as far as the watchdog can see."""
    plan = app._in_force.plan
    names = await store.write(
        lambda one: series.register(one, series=plan.series(), devices=plan.devices())
    )
    line = Line(plan.site.buses[0], plan, names, store, clock, app._time, app._bells, app._metrics)
    device = type("Device", (), {"id": "ph"})()
    line.poll = BusPoll(
        "net1",
        [(device, 10.0)],
        plan=plan,
        names=names,
        store=store,
        clock=clock,
        time=app._time,
        bells=app._bells,
        metrics=app._metrics,
    )
    async with asyncio.TaskGroup() as group:
        app._crew = Crew(group, app._crashed)
        await app._crew.match({"bus net1": Post("", lambda: line)})
        app._crew._employed["bus net1"].task.cancel()


async def test_daemon_is_alive_while_writer_and_lines_answer(store: Store) -> None:
    clock = FakeClock(T0)
    app = await app_on(store, clock)
    await with_line(app, clock, store)
    assert await app._alive()


async def test_line_that_has_not_polled_for_long_is_not_alive(store: Store) -> None:
    clock = FakeClock(T0)
    app = await app_on(store, clock)
    await with_line(app, clock, store)
    clock.go(POLL_GRACE_S + 9)
    assert await app._alive()
    clock.go(2)
    assert not await app._alive()


async def test_stuck_writer_is_no_answer(store: Store, directory: Path) -> None:
    app = await app_on(StuckStore(directory), FakeClock(T0))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await app._alive()


async def test_crash_of_a_task_is_counted_and_journalled(store: Store) -> None:
    app = await app_on(store, FakeClock(T0))
    await app._crashed("bus net1", ValueError("x" * 1000))
    ((what, detail),) = await store.read(
        lambda one: one.execute("SELECT what, detail FROM journal").fetchall()
    )
    assert what == "task failed"
    assert json.loads(detail)["task"] == "bus net1"
    assert len(detail) < 700
    assert 'paikou_task_restarts_total{task="bus net1"} 1.0' in app._metrics.text()


@pytest.mark.parametrize(
    "error",
    [
        StoreError("disk"),
        sqlite3.OperationalError("disk I/O error"),
        ExceptionGroup("", [ValueError(), ExceptionGroup("", [StoreError("disk")])]),
    ],
)
async def test_trouble_with_the_store_is_not_restarted_away(store: Store, error: Exception) -> None:
    app = await app_on(store, FakeClock(T0))
    with pytest.raises(type(error)):
        await app._crashed("bus net1", error)


def test_other_trouble_does_not_concern_the_store() -> None:
    assert not _concerns_store(ExceptionGroup("", [ValueError(), OSError()]))


async def test_check_of_a_big_store_does_not_hold_up_the_end(store: Store) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO journal VALUES (?, 0, '', '', '', '')",
            [(number,) for number in range(CHECK_STEPS)],
        )

    await store.write(fill)
    app = await app_on(store, FakeClock(T0))
    await app._check_store()
    app._stopping = True
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await app._check_store()
