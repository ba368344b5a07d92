"""Days and months (STAT-07…09, WAT-20…24)."""

from dataclasses import replace

import pytest
from stat_rows import (
    COD,
    DAY,
    FLOW,
    PH,
    SO2,
    B,
    C,
    D,
    F,
    M,
    N,
    P,
    flows,
    hours,
    row,
)

from agent.model import Cause, Kind, Period, Statistic
from agent.stats import PeriodRule, Rows, statistic
from protocols.hj212.times import parse_wire_time


def day_of(rule: PeriodRule, rows: list[Statistic], flow: list[Statistic] | None = None):
    return statistic(rule, DAY, Rows(statistics=rows, flow_statistics=flow or []))


def several(*groups: tuple[int, float | None, Cause]) -> list[Statistic]:
    return hours(*[(value, cause) for many, value, cause in groups for _ in range(many)])


def with_masses(rows: list[Statistic], masses: list[float | None]) -> list[Statistic]:
    return [replace(one, cou=mass) for one, mass in zip(rows, masses, strict=True)]


def test_t_s08_gas_day_is_the_mean_of_its_valid_hours_and_adds_their_mass() -> None:
    # 30 mg/m3 in 100000 m3 is 3 kg, 45 in 120000 is 5.4 kg.
    rows = several((20, 30.0, N), (3, 45.0, N), (1, 999.0, D))
    made = day_of(SO2, with_masses(rows, [3.0] * 20 + [5.4] * 3 + [None]))
    assert made.valid
    assert made.avg == pytest.approx(31.9565, abs=5e-5)
    assert made.cou == pytest.approx(76.2)
    assert (made.parts, made.due, made.abnormal, made.weighted) == (23, 24, D, False)


def test_t_s08b_nineteen_valid_hours_are_no_valid_gas_day() -> None:
    made = day_of(SO2, several((19, 30.0, N), (5, 1.0, M)))
    assert (made.valid, made.cause, made.avg) == (False, M, 30.0)


def test_stat_08_twenty_valid_hours_are() -> None:
    assert day_of(SO2, several((20, 30.0, N), (4, 1.0, M))).valid


def test_stat_08_share_of_running_hours_as_the_setting_says() -> None:
    rows = several((14, 30.0, N), (10, None, F))
    fixed = day_of(SO2, rows)
    assert (fixed.valid, fixed.due, fixed.cause, fixed.share) == (False, 14, F, 1.0)
    running = day_of(replace(SO2, day_rule="share_75_of_running"), rows)
    assert (running.valid, running.due, running.cause, running.abnormal) == (True, 14, N, F)


def test_stat_07_day_stopped_throughout_is_a_stopped_day() -> None:
    made = day_of(replace(SO2, day_rule="share_75_of_running"), several((24, None, F)))
    assert (made.valid, made.due, made.cause, made.avg, made.share) == (False, 0, F, None, 0.0)


def test_hours_without_a_row_count_as_absent() -> None:
    made = statistic(SO2, DAY, Rows(statistics=several((19, 30.0, N)), absent=P))
    assert (made.valid, made.cause) == (False, P)


def test_t_w20_day_is_weighted_by_flow_and_drops_the_hour_of_zero_flow() -> None:
    rows = hours((40.0, N), (60.0, N), (80.0, N), (50.0, N))
    rows = with_masses(rows, [0.4, 1.8, 0.0, 1.0])
    made = day_of(COD, rows, flows(10.0, 30.0, 0.0, 20.0))
    assert made.avg == pytest.approx(53.3333, abs=5e-5)
    assert made.cou == pytest.approx(3.2)
    assert (made.weighted, made.parts, made.due, made.max) == (True, 3, 23, 60.0)
    assert "no discharge in 1 h" in made.reason
    plain = day_of(replace(COD, weighted=False), rows, flows(10.0, 30.0, 0.0, 20.0))
    assert plain.avg == pytest.approx(50.0)


def test_t_w20b_twelve_and_twelve_hours() -> None:
    rows = with_masses(several((12, 45.0, N), (12, 55.0, N)), [2.25] * 12 + [5.5] * 12)
    made = day_of(COD, rows, flows(*[50.0] * 12, *[100.0] * 12))
    assert made.valid
    assert made.avg == pytest.approx(51.6667, abs=5e-5)
    assert made.cou == pytest.approx(93.0)
    assert made.reason == ""


def test_wat_20a_day_without_any_valid_flow_is_arithmetic() -> None:
    made = day_of(COD, several((12, 45.0, N), (12, 55.0, N)), flows(*[None] * 24))
    assert (made.avg, made.weighted, made.valid, made.cou) == (50.0, False, True, None)


def test_wat_20_hours_without_valid_flow_stay_out_of_the_weighted_mean_and_it_is_said() -> None:
    rows = several((12, 45.0, N), (12, 55.0, N))
    made = day_of(COD, rows, flows(*[50.0] * 23, None))
    assert made.avg == pytest.approx((12 * 45 + 11 * 55) / 23)
    assert (made.valid, made.parts) == (True, 23)
    assert "weighted over 23 of 24" in made.reason


def test_t_w21a_eighteen_of_twenty_four_hours_make_a_valid_day() -> None:
    made = day_of(COD, several((18, 40.0, N), (6, None, C)))
    assert (made.valid, made.cause, made.abnormal, made.share) == (True, N, C, 0.75)


def test_t_w21b_seventeen_of_twenty_four_hours_do_not() -> None:
    made = day_of(COD, several((17, 40.0, N), (7, None, C)))
    assert (made.valid, made.cause, made.avg) == (False, C, 40.0)


def test_t_w21c_hours_of_zero_flow_leave_the_due_count() -> None:
    rows = several((8, 40.0, N), (2, None, D), (14, 40.0, N))
    made = day_of(COD, rows, flows(*[20.0] * 10, *[0.0] * 14))
    assert (made.valid, made.due, made.parts) == (True, 10, 8)
    rows = several((7, 40.0, N), (3, None, D), (14, 40.0, N))
    made = day_of(COD, rows, flows(*[20.0] * 10, *[0.0] * 14))
    assert (made.valid, made.due, made.cause) == (False, 10, D)


def test_wat_24_invalid_zero_flow_takes_no_hour_away() -> None:
    flow = [replace(one, valid=False, cause=D) for one in flows(*[0.0] * 24)]
    made = day_of(COD, several((24, 40.0, N)), flow)
    assert (made.due, made.parts, made.weighted) == (24, 24, False)


def test_wat_24_day_without_any_discharge_has_no_value_and_says_so() -> None:
    made = day_of(COD, several((24, 40.0, N)), flows(*[0.0] * 24))
    assert (made.avg, made.valid, made.cause, made.abnormal) == (None, False, F, F)
    assert (made.due, made.share, made.reason) == (0, 0.0, "no discharge in 24 h")


def test_wat_24_smallest_flow_that_counts_is_a_setting() -> None:
    made = day_of(replace(COD, zero_flow=1.0), several((24, 40.0, N)), flows(*[3.6] * 24))
    assert made.due == 0


def test_flow_itself_keeps_its_hours_of_zero_flow() -> None:
    rows = flows(*[36.0] * 12, *[0.0] * 12)
    made = day_of(FLOW, rows, rows)
    assert (made.avg, made.due, made.valid) == (5.0, 24, True)
    assert made.cou == pytest.approx(432.0)


def test_wat_23_ph_of_a_day_is_arithmetic() -> None:
    flow = flows(*[10.0] * 12, *[90.0] * 12)
    made = day_of(PH, several((12, 7.0, N), (12, 8.0, N)), flow)
    assert (made.avg, made.weighted, made.cou) == (7.5, False, None)


def test_wat_07_day_of_a_two_hour_analyzer_is_due_twelve_values() -> None:
    slow = replace(COD, cycle_min=120)
    empty = [replace(one, due=0) for one in several((24, None, N))]
    empty = [replace(one, valid=False) for one in empty]
    measured = several((24, 40.0, N))
    rows = [measured[i] if i % 2 == 0 else empty[i] for i in range(24)]
    made = day_of(slow, rows)
    assert (made.valid, made.due, made.parts, made.abnormal) == (True, 12, 12, N)
    made = day_of(slow, [*rows[:16], *empty[16:]])
    assert (made.valid, made.due, made.parts, made.cause) == (False, 12, 8, B)


def test_day_mass_is_not_extrapolated_over_hours_without_it() -> None:
    rows = with_masses(several((24, 40.0, N)), [1.0] * 20 + [None] * 4)
    made = day_of(COD, rows, flows(*[25.0] * 24))
    assert made.cou == pytest.approx(20.0)
    assert "amount of 20 of 24" in made.reason


FEBRUARY = Period.holding(Kind.MONTH, parse_wire_time("20260210000000"))
APRIL = Period.holding(Kind.MONTH, parse_wire_time("20260410000000"))


def month_of(rule: PeriodRule, month: Period, *groups: tuple[int, float | None, Cause, int]):
    flat = [(value, cause, due) for many, value, cause, due in groups for _ in range(many)]
    days = [
        row(period, value, cause, cou=1.0 if cause is N else None, due=due)
        for period, (value, cause, due) in zip(month.parts(Kind.DAY), flat, strict=False)
    ]
    return statistic(rule, month, Rows(statistics=days))


def test_stat_09_gas_month_needs_twenty_five_valid_days() -> None:
    made = month_of(SO2, APRIL, (25, 30.0, N, 24), (5, 1.0, D, 24))
    assert (made.valid, made.avg, made.due, made.cou) == (True, 30.0, 30, 25.0)
    assert not month_of(SO2, APRIL, (24, 30.0, N, 24), (6, 1.0, D, 24)).valid


def test_stat_09_february_needs_twenty_three() -> None:
    made = month_of(SO2, FEBRUARY, (23, 30.0, N, 24), (5, 1.0, D, 24))
    assert (made.valid, made.due) == (True, 28)
    assert not month_of(SO2, FEBRUARY, (22, 30.0, N, 24), (6, 1.0, D, 24)).valid


def test_wat_21_water_month_is_the_plain_mean_of_its_valid_days() -> None:
    made = month_of(COD, APRIL, (20, 40.0, N, 24), (3, 60.0, N, 24), (7, None, D, 24))
    assert made.valid
    assert made.avg == pytest.approx((20 * 40 + 3 * 60) / 23)
    assert not month_of(COD, APRIL, (22, 40.0, N, 24), (8, None, D, 24)).valid


def test_wat_24_days_without_discharge_leave_the_month() -> None:
    made = month_of(COD, APRIL, (15, 40.0, N, 24), (10, None, F, 0), (5, None, D, 24))
    assert (made.valid, made.due) == (True, 20)
    made = month_of(COD, APRIL, (30, None, F, 0))
    assert (made.valid, made.due, made.cause, made.avg) == (False, 0, F, None)
