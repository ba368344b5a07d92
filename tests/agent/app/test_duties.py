"""The daemon's own end when the battery is low."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from agent_fakes import FakeClock
from agent_site import T0, plan_with

from agent.bells import Bells
from agent.contacts import BATTERY
from agent.duties import BatteryEnd
from agent.store import events
from agent.store.db import Store


def with_inputs(site: dict[str, Any]) -> None:
    site["devices"].append(
        {"id": "io", "profile": "modules/plc-contacts", "bus": "net1", "address": 30}
    )
    site["inputs"] = [
        {"id": "mains", "device": "io", "point": "contact1", "means": "power"},
        {"id": "ups", "device": "io", "point": "contact2", "means": "battery", "stop": True},
    ]


async def stops(store: Store, *, lost: bool) -> bool:
    """Ring for a low battery and say whether the daemon is asked to stop."""
    plan, bells = plan_with(with_inputs), Bells()
    if lost:
        await store.write(lambda c: events.add(c, "power", {"input": "mains"}, ref="p", at=T0))
    stop = asyncio.Event()
    task = asyncio.create_task(BatteryEnd(lambda: plan, store, FakeClock(T0), bells).run(stop))
    try:
        for _ in range(5000 if lost else 40):  # a busy machine has the reader's answer come late
            await asyncio.sleep(0)
            if stop.is_set():
                break
            bells.ring(BATTERY)
            await store.read(lambda _: None)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return stop.is_set()


@pytest.mark.parametrize("lost", [True, False])
async def test_low_battery_ends_the_daemon_only_while_the_mains_are_gone(
    store: Store, lost: bool
) -> None:
    assert await stops(store, lost=lost) == lost
    found = await store.read(
        lambda c: c.execute("SELECT count(*) FROM journal WHERE what LIKE 'stopping%'").fetchone()
    )
    assert found == (int(lost),)
