"""The night's statement and the hour's watch happen in the daemon, and `status` says the points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agent_fakes import FakeClock
from agent_house import House
from agent_site import T0, plan_with

from agent import agency
from agent.agency import AgencyOrder
from agent.app import App
from agent.reloading import InForce
from agent.status import Observatory
from agent.store.db import Store
from agent.timekeeping import Timekeeper
from agent.tools.status_lines import lines


@pytest.fixture
def app(store: Store) -> App:
    return App(Path("site.yaml"), InForce(plan_with(), "hash"), store, FakeClock(T0))


async def test_night_makes_the_statement_and_the_hour_looks(app: App, house: House) -> None:
    await app._chores.do(hour=True, night=False)
    assert house.rows("SELECT next FROM cursors WHERE name = 'watch'") == [(int(T0),)]
    assert house.events("score_statement") == []
    await app._chores.do(hour=False, night=True)
    assert len(house.events("score_statement")) == 1


async def test_status_says_points_and_labels_in_a_line(house: House) -> None:
    body = AgencyOrder(
        outlet="DW001",
        deductions=({"kind": "suspension"},),
        risk="high",
        labels={"监管级别": ("重点",)},
    )
    await house.write(lambda at: agency.take(at, body, ref="o1", station="st1", now=T0))
    clock = FakeClock(T0)
    observatory = Observatory(
        plan=lambda: house.plan,
        store=house.store,
        clock=clock,
        time=Timekeeper(clock, house.store),
        started_at=T0,
        lines=lambda: [],
        links=lambda: [],
    )
    status: dict[str, Any] = await observatory.status()
    said = [line for line in lines(status, "zh") if line.startswith("健康")]
    assert said == ["健康  DW001 76 分，1 项扣分；高风险，监管级别 重点"]
