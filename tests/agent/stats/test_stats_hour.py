"""Hours: continuous (STAT-04…07, STAT-10, WAT-21a) and batch (WAT-04…07)."""

from dataclasses import replace

import pytest
from stat_rows import (
    COD,
    FLOW,
    GAS_FLOW,
    HOUR,
    PH,
    SO2,
    UV_COD,
    B,
    C,
    D,
    F,
    M,
    N,
    P,
    T,
    hour_of,
    result,
    row,
    samples,
    shorter,
)

from agent.model import Cause, Kind, Period, Sample, Statistic
from agent.stats import Rows, statistic


def minutes(*groups: tuple[int, float | None, Cause]) -> list[Statistic]:
    return shorter(HOUR, Kind.MINUTE, *groups)


def test_t_s04a_forty_five_valid_minutes_make_the_hour() -> None:
    made = hour_of(SO2, minutes((40, 50.0, N), (5, 60.0, N), (15, 900.0, C)))
    assert made.valid
    assert made.avg == pytest.approx(51.1111, abs=5e-5)
    assert (made.cause, made.abnormal, made.share) == (N, C, 0.75)
    assert (made.parts, made.due, made.max) == (45, 60, 60.0)


def test_t_s04b_forty_four_valid_minutes_do_not() -> None:
    made = hour_of(SO2, minutes((44, 50.0, N), (16, 900.0, C)))
    assert (made.valid, made.cause, made.avg) == (False, C, 50.0)


def test_t_s06_tie_of_calibration_and_fault_is_a_fault() -> None:
    made = hour_of(SO2, minutes((30, 50.0, N), (12, 1.0, C), (12, 1.0, D), (6, 1.0, M)))
    assert (made.valid, made.cause) == (False, D)


def test_t_s07_more_than_fifteen_stopped_minutes_make_a_stopped_hour() -> None:
    made = hour_of(SO2, minutes((40, 50.0, N), (20, 0.1, F)))
    assert (made.valid, made.cause, made.avg) == (False, F, 50.0)


def test_stat_07_stopped_outranks_a_longer_fault_beside_it() -> None:
    both = minutes((14, 50.0, N), (16, None, F), (30, None, D))
    assert hour_of(SO2, both).cause is F
    assert hour_of(PH, both).cause is D


def test_stat_07_fifteen_stopped_minutes_leave_the_normal_rule() -> None:
    assert hour_of(SO2, minutes((45, 50.0, N), (15, None, F))).valid
    made = hour_of(SO2, minutes((29, 50.0, N), (15, None, F), (16, None, D)))
    assert made.cause is D


def test_stat_06_power_and_fault_have_one_letter_and_count_as_one() -> None:
    made = hour_of(SO2, minutes((30, 1.0, N), (9, None, P), (9, None, D), (12, None, M)))
    assert made.cause is D


def test_t_m6_chain_hour_with_exactly_forty_five_valid_minutes_is_valid() -> None:
    made = hour_of(SO2, minutes((43, 50.0, N), (9, 1.0, C), (2, 1.0, D), (2, 50.0, N), (4, 1.0, C)))
    assert (made.valid, made.parts) == (True, 45)


def test_t_s10_minute_mean_of_converted_values() -> None:
    # 40 at O2 6 converts to 40, at O2 14 to 85.714286 (reference 6).
    rows = [
        replace(one, zs_avg=zs, zs_min=zs, zs_max=zs)
        for one, zs in zip(minutes((60, 40.0, N)), [40.0] * 30 + [40.0 * 15 / 7] * 30, strict=True)
    ]
    made = hour_of(SO2, rows)
    assert made.zs_avg == pytest.approx(62.8571, abs=5e-5)
    assert (made.zs_min, made.zs_max) == (40.0, 40.0 * 15 / 7)


def test_t_s10b_minute_mean_of_converted_values() -> None:
    rows = [
        row(period, value, zs=zs)
        for period, (value, zs) in zip(
            HOUR.parts(Kind.MINUTE),
            [(40.0, 40.0)] * 30 + [(60.0, 60.0 * 15 / 7)] * 30,
            strict=True,
        )
    ]
    assert hour_of(SO2, rows).zs_avg == pytest.approx(84.2857, abs=5e-5)


def test_converted_values_of_invalid_minutes_stay_out() -> None:
    rows = minutes((45, 40.0, N), (15, 40.0, C))
    rows = [replace(one, zs_avg=80.0 if one.valid else 999.0) for one in rows]
    assert hour_of(SO2, rows).zs_avg == 80.0


def test_cems_08_valid_hour_needs_as_many_converted_minutes_as_measured_ones() -> None:
    rows = [
        replace(one, zs_avg=50.0 if i < 45 else None)
        for i, one in enumerate(minutes((60, 40.0, N)))
    ]
    assert hour_of(SO2, rows).zs_avg == 50.0
    made = hour_of(SO2, [*rows[1:], row(rows[0].period, 40.0)])
    assert (made.valid, made.zs_avg) == (True, None)
    assert "涉及因子无效" in made.reason


def test_wat_21a_water_hour_is_valid_with_three_quarters_of_its_minutes() -> None:
    assert hour_of(PH, minutes((45, 7.0, N), (15, 7.0, C))).valid
    assert not hour_of(PH, minutes((44, 7.0, N), (16, 7.0, C))).valid


def test_minutes_without_a_row_count_as_absent() -> None:
    made = statistic(PH, HOUR, Rows(statistics=minutes((40, 7.0, N)), absent=P))
    assert (made.valid, made.cause, made.abnormal, made.avg) == (False, P, P, 7.0)


def test_over_range_hour_shows_the_over_range_minutes() -> None:
    made = hour_of(UV_COD, minutes((20, 40.0, N), (40, 250.0, T)))
    assert (made.cause, made.max) == (T, 250.0)
    assert made.avg == pytest.approx(180.0)


def test_wat_20a_hour_is_weighted_by_valid_flow_minutes_and_arithmetic_without() -> None:
    rows = minutes((30, 40.0, N), (30, 60.0, N))
    flow = shorter(HOUR, Kind.MINUTE, (30, 10.0, N), cou=0.6) + [
        row(one.period, 30.0, cou=1.8) for one in rows[30:]
    ]
    made = statistic(UV_COD, HOUR, Rows(statistics=rows, flow_statistics=flow))
    assert (made.avg, made.weighted) == (pytest.approx(55.0), True)
    bad = [replace(one, valid=False, cause=D) for one in flow]
    made = statistic(UV_COD, HOUR, Rows(statistics=rows, flow_statistics=bad))
    assert (made.avg, made.weighted) == (50.0, False)


def test_ph_is_never_weighted() -> None:
    rows = minutes((30, 7.0, N), (30, 8.0, N))
    flow = shorter(HOUR, Kind.MINUTE, (60, 10.0, N), cou=0.6)
    made = statistic(PH, HOUR, Rows(statistics=rows, flow_statistics=flow[:30]))
    assert (made.avg, made.weighted) == (7.5, False)


def test_wat_05_result_lands_in_the_hour_of_its_water() -> None:
    made = statistic(COD, HOUR, Rows(measurements=[result(42.0, completed_s=3600 + 2400)]))
    assert (made.valid, made.avg, made.min, made.max) == (True, 42.0, 42.0, 42.0)
    assert (made.parts, made.due, made.share) == (1, 1, 1.0)
    made = statistic(COD, HOUR.next(), Rows(measurements=[result(42.0)], samples=()))
    assert (made.avg, made.valid) == (None, False)


def test_wat_04_several_results_of_one_hour_are_averaged() -> None:
    two = [result(40.0, completed_s=1800), result(50.0, completed_s=3500)]
    assert statistic(COD, HOUR, Rows(measurements=two)).avg == 45.0


def test_result_in_calibration_does_not_spoil_a_good_one() -> None:
    two = [result(40.0), result(500.0, C, completed_s=6000)]
    made = statistic(COD, HOUR, Rows(measurements=two))
    assert (made.valid, made.avg, made.max, made.abnormal) == (True, 40.0, 40.0, C)


def test_over_range_result_is_reported_and_not_valid() -> None:
    made = statistic(COD, HOUR, Rows(measurements=[result(260.0, T)]))
    assert (made.valid, made.avg, made.cause) == (False, 260.0, T)


def states(*groups: tuple[int, float | None, Cause]) -> list[Sample]:
    return [one._replace(at=HOUR.start + i) for i, one in enumerate(samples(*groups))]


def test_wat_06_hour_without_result_has_no_value_and_says_why() -> None:
    made = statistic(COD, HOUR, Rows(samples=states((60, None, N))))
    assert (made.avg, made.cause, made.abnormal, made.due) == (None, D, D, 1)
    assert made.reason == "no result of this sampling hour"


@pytest.mark.parametrize("cause", [M, C, B])
def test_hour_without_result_takes_the_analyzers_state(cause) -> None:
    made = statistic(COD, HOUR, Rows(samples=states((20, None, N), (40, None, cause))))
    assert (made.avg, made.cause) == (None, cause)


def test_hour_without_result_and_without_any_poll_takes_the_cause_of_absence() -> None:
    assert statistic(COD, HOUR, Rows(absent=P)).cause is P


def test_wat_24_hour_without_result_at_measured_zero_flow_is_no_discharge() -> None:
    zero = row(HOUR, 0.0, cou=0.0)
    made = statistic(COD, HOUR, Rows(samples=states((60, None, N)), flow=zero))
    assert (made.avg, made.cause) == (None, F)
    unknown = row(HOUR, 0.0, D, cou=0.0)
    made = statistic(COD, HOUR, Rows(samples=states((60, None, N)), flow=unknown))
    assert made.cause is D


def test_wat_24_value_at_measured_zero_flow_is_kept_and_not_valid() -> None:
    zero, unknown = row(HOUR, 0.0, cou=0.0), row(HOUR, 0.0, D, cou=0.0)
    made = statistic(COD, HOUR, Rows(measurements=[result(80.0)], flow=zero))
    assert (made.avg, made.cause, made.valid, made.cou) == (80.0, N, False, 0.0)
    assert made.reason == "no discharge: measured flow is zero"
    ph = hour_of(PH, minutes((60, 7.0, N)), flow=zero)
    assert (ph.avg, ph.cause, ph.valid) == (7.0, N, False)
    for flow in (unknown, None, row(HOUR, 1.0, cou=3.6)):
        assert statistic(COD, HOUR, Rows(measurements=[result(80.0)], flow=flow)).valid


def test_wat_24_cause_of_an_hour_that_is_lost_anyway_stays() -> None:
    made = statistic(COD, HOUR, Rows(measurements=[result(80.0, C)], flow=row(HOUR, 0.0, cou=0.0)))
    assert (made.cause, made.valid) == (C, False)


def test_wat_24_gas_and_the_flow_itself_do_not_depend_on_flow() -> None:
    zero = row(HOUR, 0.0, cou=0.0)
    assert hour_of(SO2, minutes((60, 5.0, N)), flow=zero).valid
    assert hour_of(FLOW, minutes((60, 0.0, N)), flow=zero).valid


def test_wat_21a_water_sampled_every_ten_minutes_is_valid_with_five_of_six() -> None:
    def hour(*causes: Cause) -> Statistic:
        slots = enumerate(causes)
        rows = [row(Period(Kind.MINUTE, HOUR.start + 600 * i), 7.0, one) for i, one in slots]
        return statistic(PH, HOUR, Rows(statistics=rows, slice_s=600.0))

    made = hour(N, N, N, N, N, D)
    assert (made.valid, made.due, made.share) == (True, 6, 5 / 6)
    made = hour(N, N, N, N, D, D)
    assert (made.valid, made.cause) == (False, D)
    assert not hour(N, N, N, N).valid


def test_stat_04_gas_hour_needs_its_minutes_however_seldom_it_is_sampled() -> None:
    rows = [row(Period(Kind.MINUTE, HOUR.start + 120 * i), 7.0) for i in range(30)]
    assert not statistic(SO2, HOUR, Rows(statistics=rows, slice_s=120.0)).valid


def test_wat_07_second_hour_of_a_two_hour_cycle_is_empty_and_not_due() -> None:
    slow = replace(COD, cycle_min=120)
    made = statistic(slow, HOUR, Rows(samples=states((60, None, N))))
    assert (made.avg, made.cause, made.due, made.valid) == (None, N, 0, False)
    made = statistic(slow, HOUR, Rows(samples=states((60, None, D))))
    assert (made.cause, made.due) == (D, 0)


def test_hour_mass_of_a_batch_result_needs_the_hours_flow() -> None:
    flow = row(HOUR, 10.0, cou=36.0)
    made = statistic(COD, HOUR, Rows(measurements=[result(50.0)], flow=flow))
    assert made.cou == pytest.approx(1.8)
    made = statistic(COD, HOUR, Rows(measurements=[result(50.0)]))
    assert (made.avg, made.cou) == (50.0, None)
    assert made.reason == "no amount: flow missing or not valid"
    lost = replace(flow, factor="w00000", valid=False, cause=D)
    made = statistic(COD, HOUR, Rows(measurements=[result(50.0)], flow=lost))
    assert made.reason == "no amount: flow missing or not valid: w00000"


def test_flow_hour_of_gas_adds_the_volumes_of_its_minutes() -> None:
    made = hour_of(GAS_FLOW, shorter(HOUR, Kind.MINUTE, (60, 50.0, N), cou=3000.0))
    assert made.cou == pytest.approx(180_000.0)


def test_period_of_the_hour_is_kept() -> None:
    assert hour_of(PH, []).period == Period(Kind.HOUR, HOUR.start)
