"""The plan: what the workers do, as it follows from the settings."""

from __future__ import annotations

from typing import Any

import pytest
from agent_site import (
    COD,
    FLOW,
    PH,
    T0,
    destination,
    factor,
    only,
    plan_with,
    second_destination,
    second_outlet,
)

from agent import stats
from agent.model import Kind, Period
from agent.plan import FactorPlan

HOUR, DAY = 3600, 86_400


def of(*changes: Any, code: str = COD) -> FactorPlan:
    return plan_with(*changes).outlets["DW001"].factors[code]


def test_analyzer_with_a_time_of_its_results_is_batch_and_timed() -> None:
    cod = of()
    assert (cod.batch, cod.timed, cod.cycle_min, cod.lag_min) == (True, True, 60, 60)
    assert cod.max_age_s == 1.5 * HOUR
    assert cod.settle_s == HOUR + 15 * 60


def test_point_beside_the_result_of_a_batch_analyzer_is_continuous() -> None:
    def beside(site: dict[str, Any]) -> None:
        site["devices"][2]["profile"] = "metals/labsun-phototek6000"
        site["outlets"][0]["factors"][COD] = {"device": "cod", "point": "range_high"}

    found = of(beside)
    assert (found.batch, found.timed, found.settle_s) == (False, False, 5)


def test_analyzer_that_tells_no_time_is_batch_and_not_timed() -> None:
    def lead(site: dict[str, Any]) -> None:
        site["devices"][2]["profile"] = "metals/ruiquan-metals"
        del site["outlets"][0]["factors"][COD]
        site["outlets"][0]["factors"]["w20120"] = {"device": "cod", "point": "metal"}

    found = of(lead, code="w20120")
    assert (found.batch, found.timed) == (True, False)


def test_site_file_has_the_last_word_on_cycle_and_age() -> None:
    found = of(factor(COD, sampling={"cycle_min": 120, "lag_min": 90}, max_age_s=600))
    assert (found.cycle_min, found.lag_min, found.max_age_s) == (120, 90, 600)
    assert found.settle_s == 120 * 60 + 15 * 60


def test_continuous_factor_may_be_three_polls_old() -> None:
    ph = of(code=PH)
    assert (ph.batch, ph.max_age_s, ph.state_age_s, ph.settle_s) == (False, 30, 30, 5)


def test_hours_of_an_outlet_settle_with_its_slowest_factor_and_its_minutes_do_not() -> None:
    outlet = plan_with().outlets["DW001"]
    assert [outlet.settle_s(kind) for kind in Kind] == [5, 5, 4500, 4500, 4500]


def test_flow_is_made_before_what_it_weighs_and_a_minute_has_no_batch_factors() -> None:
    outlet = plan_with(only(COD, PH, FLOW)).outlets["DW001"]
    assert [one.factor for one in outlet.inputs_first(Kind.HOUR)] == [FLOW, COD, PH]
    assert [one.factor for one in outlet.inputs_first(Kind.MINUTE)] == [FLOW, PH]


def test_concentrations_are_weighted_and_have_a_mass_where_there_is_a_flow() -> None:
    assert of().period.weighted
    assert of().period.amount.kind is stats.AmountKind.MASS
    assert of(code=FLOW).period.amount == stats.WATER_VOLUME
    assert of(code=PH).period.amount == stats.NO_AMOUNT
    assert not of(code=PH).period.weighted
    assert of(only(COD)).period.amount == stats.NO_AMOUNT


def test_flow_of_an_outlet_is_found_by_its_code() -> None:
    def unsaid(site: dict[str, Any]) -> None:
        del site["outlets"][0]["flow"]

    assert plan_with(unsaid).outlets["DW001"].flow == FLOW
    assert plan_with(only(PH)).outlets["DW001"].flow is None


def test_station_is_owed_the_periods_of_its_interval() -> None:
    station = plan_with(destination(minutes=10)).stations["st1"]
    owed = [
        Period(Kind.MINUTE, 0),
        Period(Kind.N_MINUTES, 0, 10),
        Period(Kind.N_MINUTES, 0, 5),
        Period(Kind.HOUR, 0),
        Period(Kind.DAY, 0),
        Period(Kind.MONTH, 0),
    ]
    assert [station.owes(period) for period in owed] == [False, True, False, True, True, False]
    single = plan_with(destination(minutes=1)).stations["st1"]
    assert [single.owes(period) for period in owed] == [True, False, False, True, True, False]


def test_minute_lengths_are_those_in_use_for_the_outlet() -> None:
    plan = plan_with(second_destination(minutes=5), second_outlet(PH), only(FLOW, COD))
    assert plan.minute_lengths("DW001") == (5, 10)
    assert plan.minute_lengths("DW002") == (10,)
    assert plan_with(destination(minutes=1)).minute_lengths("DW001") == ()


def test_station_begins_at_local_midnight_of_its_day() -> None:
    def since(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["since"] = "2026-06-10"

    assert plan_with(since).stations["st1"].since == T0 - 10 * HOUR
    assert plan_with().stations["st1"].since is None


@pytest.mark.parametrize("mn", ["010000A8900016F000169DC0", "A"])
def test_place_in_the_send_window_is_always_the_same_for_one_number(mn: str) -> None:
    def named(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["mn"] = mn

    first, second = (
        plan_with(destination(send_window_s=20), named).stations["st1"].send_phase_s
        for _ in range(2)
    )
    assert first == second
    assert 0 <= first < 20
    assert plan_with(destination(send_window_s=0), named).stations["st1"].send_phase_s == 0


def test_platform_hears_of_a_kind_and_its_family() -> None:
    station = plan_with(destination(events=["retention"])).stations["st1"]
    assert station.hears("retention")
    assert station.hears("retention_blocked")
    assert not station.hears("exceedance")


def test_every_series_has_a_place_for_its_converted_value() -> None:
    plan = plan_with()
    assert set(plan.series()) == {
        ("DW001", code, quantity) for code in (FLOW, PH, COD) for quantity in ("rtd", "zs")
    }
    assert [one.factor for one in plan.factors_of("cod")] == [COD]


def test_month_ends_where_the_next_begins() -> None:
    month = Period.holding(Kind.MONTH, T0)
    assert (month.end - month.start) / DAY == 30
    december = Period.holding(Kind.MONTH, T0 + 200 * DAY)
    assert december.next().start == december.end
    assert len(list(december.parts(Kind.DAY))) == 31
