"""From a value beyond its limit to the event, the notice and the order, or the reason why not."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, FLOW, HOUR, MINUTE, PH, T0, destination, factor, plan_with

from agent.exceedance import judge_hours, judge_measurement, judge_sample
from agent.model import Cause, Kind, Measurement, Period, Sample, Statistic
from agent.store import actions, events, statistics

SETTLED = HOUR + 75 * MINUTE
RESULT = Measurement(
    outlet="DW001",
    factor=COD,
    device="cod",
    sampled_at=int(T0),
    completed_at=T0 + HOUR,
    received_at=T0 + HOUR + 10,
    value=61.5,
)


async def judged(house: House, result: Measurement = RESULT) -> None:
    await house.write(
        lambda connection: judge_measurement(
            connection, house.plan, house.names, result, now=house.clock.now()
        )
    )


def orders(house: House) -> list[dict[str, Any]]:
    return [json.loads(text) for (text,) in house.rows("SELECT request FROM actions ORDER BY id")]


def blocked(house: House) -> list[str]:
    return [json.loads(detail)["reason"] for _, _, detail in house.events("retention_blocked")]


async def test_result_beyond_its_limit_is_an_event_and_an_order_with_its_deadline(
    house: House,
) -> None:
    await judged(house)
    ((at, ended, detail),) = house.events("exceedance")
    assert (at, ended) == (RESULT.received_at, None)
    assert json.loads(detail)["source"] == "表1"
    ((ref, device, kind, cause, state, not_after),) = house.rows(
        "SELECT ref, device, kind, cause, state, not_after FROM actions"
    )
    assert ref == f"retain:DW001:{COD}:{int(T0)}"
    assert (device, kind, cause, state) == ("sampler", "retain", "rule", "queued")
    assert not_after == RESULT.completed_at + HOUR, "when the vessel is emptied"
    whats = [what for (what,) in house.rows("SELECT what FROM journal ORDER BY seq")]
    assert whats == ["event exceedance", "retention ordered"]


async def test_exceedance_is_told_to_a_platform_that_subscribed_to_it(house_with: Any) -> None:
    house = await house_with(destination(events=["exceedance"]))
    await judged(house)
    ((_, _, text),) = house.uploads("event")
    notice = json.loads(text)
    assert (notice["kind"], notice["state"], notice["factor"]) == ("exceedance", "opened", COD)


async def test_platform_that_did_not_subscribe_hears_nothing(house_with: Any) -> None:
    house = await house_with(destination(events=["power"]))
    await judged(house)
    assert len(house.events("exceedance")) == 1
    assert house.uploads("event") == []


async def test_station_that_has_not_begun_is_told_nothing(house_with: Any) -> None:
    def since_tomorrow(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["since"] = "2026-06-11"

    house = await house_with(since_tomorrow)
    await judged(house)
    assert len(house.events("exceedance")) == 1
    assert house.uploads("event") == []


@pytest.mark.parametrize("value", [50.0, 12.0, None])
async def test_value_at_or_within_its_limit_orders_nothing(
    house: House, value: float | None
) -> None:
    await judged(house, replace(RESULT, value=value))
    assert house.rows("SELECT kind FROM events") == []
    assert orders(house) == []


async def test_same_result_told_twice_orders_one_bottle(house: House) -> None:
    await judged(house)
    await judged(house)
    assert len(orders(house)) == 1
    assert len(house.events("exceedance")) == 1


async def test_two_results_of_one_hour_order_one_bottle(house: House) -> None:
    await judged(house)
    await judged(house, replace(RESULT, completed_at=RESULT.completed_at + 60, value=70.0))
    assert len(orders(house)) == 1


async def test_each_hour_beyond_the_limit_orders_its_own_bottle(house: House) -> None:
    await judged(house)
    await judged(
        house,
        replace(
            RESULT, sampled_at=RESULT.sampled_at + HOUR, completed_at=T0 + 2 * HOUR, value=70.0
        ),
    )
    assert [order["sampled_at"] for order in orders(house)] == [T0, T0 + HOUR]
    assert len(house.events("exceedance")) == 1, "it goes on being the one exceedance"


async def test_value_within_ends_it_and_says_so(house: House) -> None:
    await judged(house)
    within = replace(
        RESULT, sampled_at=int(T0) + HOUR, completed_at=T0 + 2 * HOUR, received_at=T0 + 2 * HOUR + 5
    )
    await judged(house, replace(within, value=30.0))
    ((_, ended, _),) = house.events("exceedance")
    assert ended == T0 + 2 * HOUR + 5
    states = [json.loads(text)["state"] for _, _, text in house.uploads("event")]
    assert states == ["opened", "closed"]


@pytest.mark.parametrize("cause", [Cause.CALIBRATION, Cause.MAINTENANCE, Cause.FAULT])
async def test_value_that_is_not_valid_keeps_no_bottle_and_says_why(
    house: House, cause: Cause
) -> None:
    for _ in range(2):
        await judged(house, replace(RESULT, cause=cause))
    assert orders(house) == []
    assert house.events("exceedance") == []
    assert blocked(house) == [f"value not valid: {cause.value}"], "once"


async def test_value_over_range_is_the_worst_of_all_and_keeps_a_bottle(house: House) -> None:
    await judged(house, replace(RESULT, value=500.0, cause=Cause.OVER_RANGE))
    assert len(orders(house)) == 1


async def test_hour_of_measured_zero_flow_keeps_no_bottle(house: House) -> None:
    await house.begin()
    await house.steady(FLOW, T0, T0 + HOUR, value=0.0)
    await house.close_at(T0 + HOUR + 10)
    await judged(house)
    assert orders(house) == []
    assert blocked(house) == ["measured flow is zero"]
    assert len(house.events("exceedance")) == 1, "it exceeds all the same"


async def test_last_minute_of_zero_flow_speaks_for_an_hour_that_is_still_open(house: House) -> None:
    await house.begin()
    await house.steady(FLOW, T0, T0 + 5 * MINUTE, value=2.0)
    await house.steady(FLOW, T0 + 5 * MINUTE, T0 + 6 * MINUTE, value=0.0)
    await house.close_at(T0 + 6 * MINUTE + 5)
    await judged(house)
    assert blocked(house) == ["measured flow is zero"]


@pytest.mark.parametrize("value", [None, 0.0])
async def test_unknown_or_invalid_flow_blocks_nothing(house: House, value: float | None) -> None:
    await house.begin()
    cause = Cause.FAULT
    await house.sampled(FLOW, [(T0 + 10.0 * n, value, cause) for n in range(360)])
    await house.close_at(T0 + HOUR + 10)
    await judged(house)
    assert len(orders(house)) == 1


async def test_limit_that_asks_for_no_bottle_orders_none(house_with: Any) -> None:
    house = await house_with(factor(COD, limits=[{"high": 50, "on": "measurement"}]))
    await judged(house)
    assert len(house.events("exceedance")) == 1
    assert orders(house) == []


async def test_outlet_without_sampler_orders_nothing(house_with: Any) -> None:
    def no_sampler(site: dict[str, Any]) -> None:
        site["samplers"] = []

    house = await house_with(no_sampler)
    await judged(house)
    assert len(house.events("exceedance")) == 1
    assert orders(house) == []


async def test_limit_holds_from_its_day_on(house_with: Any) -> None:
    limits = [
        {"high": 100, "on": "measurement"},
        {"high": 50, "on": "measurement", "since": "2026-06-10"},
    ]
    house = await house_with(factor(COD, limits=limits))
    midnight = T0 - 10 * HOUR
    await judged(house, replace(RESULT, sampled_at=int(midnight) - HOUR, completed_at=midnight))
    assert house.events("exceedance") == []
    await judged(house, replace(RESULT, sampled_at=int(midnight), completed_at=midnight + HOUR))
    assert len(house.events("exceedance")) == 1


# --- hours


def hour_row(value: float, *, start: float = T0, code: str = PH) -> Statistic:
    return Statistic(
        outlet="DW001",
        factor=code,
        period=Period(Kind.HOUR, int(start)),
        avg=value,
        min=value,
        max=value,
        cou=None,
        cause=Cause.NORMAL,
        abnormal=Cause.NORMAL,
        share=1.0,
        valid=True,
        parts=60,
        due=60,
    )


async def judged_hours(house: House, *rows: Statistic) -> None:
    def job(connection: sqlite3.Connection) -> None:
        statistics.add(connection, rows, names=house.names)
        judge_hours(connection, house.plan, house.names, rows, now=house.clock.now())

    await house.write(job)


async def test_hour_is_judged_as_it_closes(house_with: Any) -> None:
    house = await house_with(factor(PH, limits=[{"low": 6, "high": 9, "on": "hour"}]))
    await house.begin()
    await house.steady(PH, T0, T0 + HOUR, value=5.5)
    await house.close_at(T0 + SETTLED)
    ((at, _, detail),) = house.events("exceedance")
    state = json.loads(detail)["state"]
    assert (at, state["worst"], state["limit"]) == (T0 + HOUR, 5.5, 6)


async def test_hours_and_single_values_exceed_their_limits_apart(house_with: Any) -> None:
    limits = [{"high": 50, "on": "measurement"}, {"high": 80, "on": "hour"}]
    house = await house_with(factor(COD, limits=limits))
    await judged(house)
    await judged_hours(house, hour_row(61.5, code=COD))
    ((_, ended, _),) = house.events("exceedance")
    assert ended is None, "an hour within its own limit does not end what single values began"
    await judged_hours(house, hour_row(90.0, start=T0 + HOUR, code=COD))
    assert len(house.events("exceedance")) == 2


async def test_hour_is_judged_once_even_when_the_clock_goes_back(house_with: Any) -> None:
    house = await house_with(factor(PH, limits=[{"high": 6, "on": "hour"}]))
    await house.begin()
    await house.steady(PH, T0, T0 + HOUR, value=7.0)
    await house.close_at(T0 + SETTLED)
    before = house.rows("SELECT * FROM events WHERE kind = 'exceedance'")
    house.clock.jump(-2 * HOUR)
    await house.tick()
    await house.close_at(T0 + SETTLED)
    assert house.rows("SELECT * FROM events WHERE kind = 'exceedance'") == before


# --- continuous instruments


async def sampled(house: House, at: float, value: float = 9.5) -> None:
    sample = Sample("DW001", PH, at, value)
    await house.write(
        lambda connection: judge_sample(connection, house.plan, house.names, sample, now=at)
    )


@pytest.fixture
async def continuous(house_with: Any) -> House:
    """The house with a limit on each single pH."""
    limits = [{"low": 6, "high": 9, "on": "measurement", "retain": True}]
    house: House = await house_with(factor(PH, limits=limits))
    return house


async def kept(house: House) -> None:
    """Let every order have become a bottle."""

    def job(connection: sqlite3.Connection) -> None:
        for one in actions.open_ones(connection, "sampler"):
            actions.finish(connection, one.id, "done", outcome={}, now=T0)
            events.add(
                connection,
                "retention",
                one.request,
                ref=f"kept {one.id}",
                at=T0,
                outlet="DW001",
                factor=PH,
            )

    await house.write(job)


@pytest.mark.parametrize("open_still", [True, False])
async def test_interval_holds_across_a_full_hour(continuous: House, open_still: bool) -> None:
    await sampled(continuous, T0 + HOUR - 5)
    if not open_still:
        await kept(continuous)
    await sampled(continuous, T0 + HOUR + 5)
    await sampled(continuous, T0 + 2 * HOUR - 6)
    assert len(orders(continuous)) == 1
    await sampled(continuous, T0 + 2 * HOUR + 55)
    assert [order["moment"] for order in orders(continuous)] == [T0 + HOUR - 5, T0 + 2 * HOUR + 55]


async def test_order_that_kept_no_bottle_delays_none(continuous: House) -> None:
    await sampled(continuous, T0 + HOUR - 5)
    await continuous.write(
        lambda connection: actions.finish(connection, 1, "failed", outcome={}, now=T0)
    )
    await sampled(continuous, T0 + HOUR + 5)
    assert len(orders(continuous)) == 2


async def test_open_order_of_one_factor_delays_no_other(house_with: Any) -> None:
    limits = [{"low": 6, "high": 9, "on": "measurement", "retain": True}]
    house = await house_with(factor(PH, limits=limits))
    await sampled(house, T0 + HOUR - 5)
    await judged(house)
    assert [order["factor"] for order in orders(house)] == [PH, COD]


async def test_value_within_its_limit_asks_for_nothing_else(continuous: House) -> None:
    statements: list[str] = []
    await continuous.write(lambda connection: connection.set_trace_callback(statements.append))
    await sampled(continuous, T0 + 10, value=7.0)
    good = "\n".join(statements)
    statements.clear()
    await sampled(continuous, T0 + 20, value=9.5)
    for table in ("FROM statistics", "FROM actions"):
        assert table not in good
        assert table in "\n".join(statements), "the same question is asked of one beyond it"


def test_plan_knows_what_a_sampler_needs() -> None:
    keeping = plan_with().outlets["DW001"].keeping
    assert keeping is not None
    assert (keeping.interval_s, keeping.vessel_hold_s) == (HOUR, HOUR)
