"""The watch in the daemon: once an hour, one event for each cause, nothing sent unasked."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, FLOW, HOUR, PH, T0, destination, second_outlet

from agent.model import Cause
from agent.watching import EVENT, watch_outlets

DAY = 24 * HOUR
Builder = Callable[..., Awaitable[House]]


def minutes(house: House, factor: str, values: list[tuple[float, float | None, str]]) -> Any:
    """Store minutes of a factor: (start, mean, cause)."""
    number = house.names.series["DW001", factor, "rtd"]

    def job(connection: Any) -> None:
        connection.executemany(
            "INSERT INTO statistics (kind, start, series, revision, avg, min, max, cause,"
            " abnormal, share, valid, parts, due, weighted, reason)"
            " VALUES ('1m', ?, ?, 0, ?, ?, ?, ?, 'normal', 1.0, ?, 6, 6, 0, '')",
            (
                (int(at), number, value, value, value, cause, int(value is not None))
                for at, value, cause in values
            ),
        )

    return house.write(job)


async def stand_still(house: House, start: float, hours: float, value: float = 7.0) -> None:
    span = range(int(start), int(start + hours * HOUR), 60)
    await minutes(house, FLOW, [(at, 30.0 + at // 60 * 7919 % 1009 / 100, "normal") for at in span])
    await minutes(house, PH, [(at, value, "normal") for at in span])


async def look(house: House, at: float) -> int:
    house.clock.go(at - house.clock.now())
    return await watch_outlets(house.plan, house.store, house.clock)


def cases(house: House, rule: str = "AF-01") -> list[dict[str, Any]]:
    found = [json.loads(detail) for _, _, detail in house.events(EVENT)]
    return [one for one in found if one["rule"] == rule]


async def test_constant_value_is_one_local_event_with_its_samples(house: House) -> None:
    await stand_still(house, T0, 5)
    assert await look(house, T0 + 5 * HOUR) == 1
    (case,) = cases(house)
    assert (case["cause"], case["count"], case["first"]) == ("constant", 1, T0)
    assert (case["points"], case["figures"]) == (300, {"value": "7.00"})
    assert case["samples"][0] == [T0, 7.0]
    (row,) = house.rows("SELECT outlet, factor, ended_at FROM events WHERE kind = ?", EVENT)
    assert row == ("DW001", PH, None)
    assert house.rows("SELECT * FROM outbox WHERE cn = 'event'") == []
    assert house.rows("SELECT count(*) FROM journal WHERE what = 'event falsification'") == [(1,)]


async def test_no_hour_is_looked_at_twice(house: House) -> None:
    await stand_still(house, T0, 5)
    assert await look(house, T0 + 5 * HOUR) == 1
    assert await look(house, T0 + 5 * HOUR + 600) == 0


async def test_stretch_that_goes_on_grows_and_one_that_returns_is_counted(house: House) -> None:
    await stand_still(house, T0, 5)
    await look(house, T0 + 5 * HOUR)
    await stand_still(house, T0 + 5 * HOUR, 1)
    await look(house, T0 + 6 * HOUR)
    (case,) = cases(house)
    assert (case["count"], case["last"]) == (1, T0 + 6 * HOUR)
    await stand_still(house, T0 + 8 * HOUR, 5, value=6.5)
    await look(house, T0 + 13 * HOUR)
    (case,) = cases(house)
    assert (case["count"], case["first"], case["start"]) == (2, T0, T0 + 8 * HOUR)
    assert case["times"] == [T0, T0 + 8 * HOUR]


async def test_case_ends_when_its_cause_stays_away(house: House) -> None:
    await stand_still(house, T0, 5)
    await look(house, T0 + 5 * HOUR)
    await look(house, T0 + 31 * DAY)
    ((_, ended_at, _),) = house.events(EVENT)
    assert ended_at == T0 + 5 * HOUR


async def test_what_does_not_flow_is_not_watched_for_constancy(house: House) -> None:
    span = range(int(T0), int(T0) + 5 * HOUR, 60)
    await minutes(house, FLOW, [(at, 0.0, "normal") for at in span])
    await minutes(house, PH, [(at, 7.0, "normal") for at in span])
    await look(house, T0 + 5 * HOUR)
    assert cases(house) == []


async def test_flagged_minutes_are_no_points(house: House) -> None:
    span = range(int(T0), int(T0) + 5 * HOUR, 60)
    await minutes(house, FLOW, [(at, 30.0 + at // 60 * 7919 % 1009 / 100, "normal") for at in span])
    await minutes(house, PH, [(at, None, Cause.MAINTENANCE.value) for at in span])
    await look(house, T0 + 5 * HOUR)
    assert cases(house) == []


async def test_measurements_are_counted_once_each(house: House) -> None:
    for hour in range(4):
        await house.result(T0 + hour * HOUR, 33.0, received_at=T0 + (hour + 1) * HOUR)
    await look(house, T0 + 4 * HOUR)
    (case,) = cases(house)
    assert (case["points"], case["samples"][0]) == (4, [T0, 33.0])
    ((factor,),) = house.rows("SELECT factor FROM events WHERE kind = ?", EVENT)
    assert factor == COD


async def test_platform_that_asks_for_it_is_told(house_with: Any) -> None:
    house: House = await house_with(destination(events=["falsification"]))
    await stand_still(house, T0, 5)
    await look(house, T0 + 5 * HOUR)
    ((body,),) = house.rows("SELECT body FROM outbox WHERE cn = 'event'")
    assert json.loads(body)["kind"] == EVENT


async def test_threshold_of_one_factor_leaves_the_others(house_with: Any) -> None:
    def patient(site: dict[str, Any]) -> None:
        site["outlets"][0]["watch"] = {"constant_h": 2, "factors": {PH: {"constant_h": 6}}}

    house: House = await house_with(patient)
    await stand_still(house, T0, 5)
    await house.result(T0, 33.0)
    await house.result(T0 + HOUR, 33.0)
    await look(house, T0 + 5 * HOUR)
    rows = house.rows("SELECT factor FROM events WHERE kind = ? AND detail LIKE '%AF-01%'", EVENT)
    assert rows == [(COD,)]


async def test_outlet_whose_watch_is_off_is_let_be(house_with: Any) -> None:
    def off(site: dict[str, Any]) -> None:
        site["outlets"][0]["watch"] = {"on": False}

    house: House = await house_with(off)
    await stand_still(house, T0, 5)
    assert await look(house, T0 + 5 * HOUR) == 0
    assert house.events(EVENT) == []


@pytest.mark.parametrize("hours", [3, 30])
async def test_watch_changes_no_figure(house: House, hours: int) -> None:
    await stand_still(house, T0, hours)
    before = house.rows("SELECT * FROM statistics ORDER BY start, series")
    await look(house, T0 + hours * HOUR)
    assert house.rows("SELECT * FROM statistics ORDER BY start, series") == before


async def alike(house: House, outlet: str, start: float, *, valid: bool = True) -> None:
    """Store a day of pH that swings as no other does."""
    number = house.names.series[outlet, PH, "rtd"]
    rows = (
        (int(at), number, 7.0 + math.sin(at / 3000.0) * math.sin(at / 700.0), int(valid))
        for at in range(int(start), int(start + DAY), 60)
    )
    await house.write(
        lambda connection: connection.executemany(
            "INSERT INTO statistics (kind, start, series, revision, avg, cause, abnormal, share,"
            " valid, parts, due, weighted, reason)"
            " VALUES ('1m', ?, ?, 0, ?, 'normal', 'normal', 1.0, ?, 6, 6, 0, '')",
            rows,
        )
    )


def apart(site: dict[str, Any]) -> None:
    """Give the second outlet a station of its own."""
    first, *_ = stations = site["destinations"][0]["stations"]
    first["outlets"].remove("DW002")
    mn = f"{first['mn'][:-1]}2"
    stations.append({**first, "id": "st2", "mn": mn, "outlets": ["DW002"]})


@pytest.mark.parametrize(("valid", "found"), [(True, 1), (False, 0)])
async def test_two_outlets_that_move_alike_are_told_by_their_valid_minutes(
    house_with: Builder, valid: bool, found: int
) -> None:
    house = await house_with(second_outlet(PH), apart)
    midnight = T0 // DAY * DAY + DAY - 8 * HOUR
    await alike(house, "DW001", midnight)
    await alike(house, "DW002", midnight, valid=valid)
    await look(house, midnight + DAY + HOUR)
    assert len(cases(house, "AF-06")) == found
