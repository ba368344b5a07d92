"""Day means against the limits of a day (CMP-02, CMP-03)."""

from __future__ import annotations

import json
from collections.abc import Callable

from agent_house import House
from agent_site import DAY, HOUR, PH, T0, factor

from agent.exceedance import judge_hours
from agent.model import Cause, Kind, Period, Statistic

LIMIT = {"high": 7.5, "on": "day", "source": "许可证", "retain": True}


def day(value: float, *, days: int = 0, valid: bool = True) -> Statistic:
    period = Period.holding(Kind.DAY, T0 + days * DAY)
    cause = Cause.NORMAL if valid else Cause.FAULT
    return Statistic(
        "DW001", PH, period, value, value, value, None, cause, cause, 1.0, valid, 24, 24
    )


async def judged(house: House, *rows: Statistic) -> None:
    for row in rows:
        await house.write(
            lambda one, row=row: judge_hours(  # type: ignore[misc]
                one, house.plan, house.names, [row], now=row.period.end
            )
        )


async def test_day_above_its_limit_is_an_exceedance_without_a_bottle(
    house_with: Callable[..., object],
) -> None:
    house = await house_with(factor(PH, limits=[LIMIT]))  # type: ignore[misc]
    await judged(house, day(7.5), day(7.6, days=1), day(9.0, days=2, valid=False))
    ((_, ended, detail),) = house.events("exceedance")
    assert ended is None
    assert json.loads(detail)["on"] == "day"
    assert house.rows("SELECT * FROM actions") == []
    await judged(house, day(7.4, days=3))
    ((_, ended, _),) = house.events("exceedance")
    assert ended is not None


async def test_closed_day_is_judged_by_the_daemon(house_with: Callable[..., object]) -> None:
    house = await house_with(factor(PH, limits=[LIMIT]))  # type: ignore[misc]
    await house.begin()
    start = Period.holding(Kind.DAY, T0 + DAY).start
    await house.steady(PH, T0, start + DAY, value=8.0)
    await house.close_at(start + DAY + 2 * HOUR)
    assert [json.loads(detail)["on"] for _, _, detail in house.events("exceedance")] == ["day"]
