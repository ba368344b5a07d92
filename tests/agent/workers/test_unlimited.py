"""Exceedances whose limit left the settings end at the next start or reload, and say why."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, PH, T0, factor, only, plan_with

from agent.plan import Plan
from agent.store import events
from agent.unlimited import NO_FACTOR, NO_LIMIT, OVER, end_unlimited

Builder = Callable[..., Awaitable[House]]
HOURLY = {"high": 7.5, "on": "hour", "source": "许可证"}


async def begun(house: House, kind: str = "exceedance", on: str = "hour") -> None:
    detail: dict[str, Any] = {"on": on, "state": {}, "source": "许可证"}
    await house.write(
        lambda one: events.add(one, kind, detail, ref=kind, at=T0, outlet="DW001", factor=PH)
    )


async def ended(house: House, plan: Plan, *, at: float = T0 + DAY) -> int:
    return await house.write(lambda one: end_unlimited(one, plan, now=at))


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (plan_with(), NO_LIMIT),
        (plan_with(factor(PH, limits=[{**HOURLY, "on": "day"}])), NO_LIMIT),
        (plan_with(only(COD)), NO_FACTOR),
        (plan_with(factor(PH, limits=[{**HOURLY, "until": "2026-06-09"}])), OVER),
    ],
)
async def test_exceedance_of_a_limit_that_is_gone_is_ended_with_the_reason(
    house: House, plan: Plan, why: str
) -> None:
    await begun(house)
    assert await ended(house, plan) == 1
    ((_, end, detail),) = house.events("exceedance")
    assert end == T0 + DAY
    assert json.loads(detail)["ended_because"] == why
    told = [json.loads(text) for *_, text in house.uploads("event")]
    assert [(one["state"], one["detail"]["ended_because"]) for one in told] == [("closed", why)]
    assert await ended(house, plan) == 0


@pytest.mark.parametrize("until", [None, "2026-06-10", "2026-12-31"])
async def test_exceedance_of_a_limit_that_holds_lasts(house: House, until: str | None) -> None:
    await begun(house)
    limit = {**HOURLY, **({"until": until} if until else {})}
    assert await ended(house, plan_with(factor(PH, limits=[limit]))) == 0
    assert house.events("exceedance")[0][1] is None


async def test_run_of_values_ends_without_a_notice(house: House) -> None:
    await begun(house, "exceedance_run")
    assert await ended(house, plan_with()) == 1
    assert house.events("exceedance_run")[0][1] == T0 + DAY
    assert house.uploads("event") == []
