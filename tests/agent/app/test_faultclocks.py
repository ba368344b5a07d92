"""A missed deadline of a fault ticket is told once, by whoever looks every hour."""

from __future__ import annotations

import json

from agent_house import House
from agent_site import HOUR, T0

from agent.faultclocks import tell_late
from agent.store import faults


async def opened(house: House) -> int:
    fault = await house.write(
        lambda one: faults.open_ticket(
            one, "DW001", "cod", what="instrument", text="光源", opened_at=T0, by="张三",
            why="报警", now=T0,
        )
    )  # fmt: skip
    assert fault is not None
    return fault.id


async def look(house: House) -> list[str]:
    await tell_late(house.plan, house.store, house.clock)
    return [json.loads(detail)["step"] for _, _, detail in house.events("fault_late")]


async def test_qc_04_each_missed_clock_is_told_once(house: House) -> None:
    await opened(house)
    house.clock.go(4 * HOUR)
    assert await look(house) == []
    house.clock.go(1)
    assert await look(house) == ["on_site"]
    assert await look(house) == ["on_site"]
    house.clock.go(4 * HOUR)
    assert await look(house) == ["on_site", "repaired"]


async def test_what_was_done_in_time_or_closed_tells_nothing(house: House) -> None:
    fault = await opened(house)
    at = T0 + 3 * HOUR
    await house.write(
        lambda one: faults.step(one, fault, "repaired", at=at, by="a", why="b", now=at)
    )
    house.clock.go(100 * HOUR)
    assert await look(house) == []
