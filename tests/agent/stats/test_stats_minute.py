"""Minutes of samples (STAT-02, STAT-03, STAT-06) and n minutes of minutes."""

import math
from dataclasses import replace

import pytest
from stat_rows import (
    COD,
    DAY,
    FLOW,
    MINUTE,
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
    S,
    T,
    minute_of,
    row,
    samples,
    shorter,
)

from agent.model import Kind, Period, Sample
from agent.stats import Needs, Rows, statistic


def test_minute_of_good_samples_is_their_mean_with_extremes() -> None:
    made = minute_of(PH, (6, 7.0, N), (6, 8.0, N))
    assert (made.avg, made.min, made.max) == (7.5, 7.0, 8.0)
    assert (made.valid, made.cause, made.abnormal, made.share) == (True, N, N, 1.0)
    assert (made.parts, made.due, made.reason) == (12, 12, "")


def test_stat_03_exactly_three_quarters_is_valid_and_keeps_the_others_out() -> None:
    made = minute_of(PH, (9, 7.0, N), (3, 99.0, C))
    assert (made.valid, made.avg, made.max, made.share) == (True, 7.0, 7.0, 0.75)
    assert (made.cause, made.abnormal) == (N, C)


def test_stat_03_less_than_three_quarters_is_not_valid_and_reports_the_normal_samples() -> None:
    made = minute_of(PH, (8, 7.0, N), (4, 99.0, C))
    assert (made.valid, made.avg, made.max, made.cause) == (False, 7.0, 7.0, C)
    assert made.reason == "8 of 12 normal, 9 needed"


def test_stat_03_share_is_a_setting() -> None:
    made = minute_of(replace(PH, needs=Needs(minute_share=1.0)), (11, 7.0, N), (1, None, B))
    assert (made.valid, made.cause) == (False, B)


def test_no_samples_at_all_give_no_value_and_the_cause_of_absence() -> None:
    made = statistic(PH, MINUTE, Rows(due=12, absent=P))
    assert (made.avg, made.min, made.max, made.cou) == (None, None, None, None)
    assert (made.valid, made.cause, made.abnormal, made.parts, made.share) == (False, P, P, 0, 0.0)


def test_nothing_due_and_nothing_there_is_not_valid() -> None:
    made = statistic(PH, MINUTE, Rows())
    assert (made.valid, made.avg, made.cause) == (False, None, B)


def test_all_over_range_is_reported_with_its_value() -> None:
    made = minute_of(UV_COD, (6, 210.0, T), (6, 230.0, T))
    assert (made.valid, made.cause, made.avg, made.min, made.max) == (False, T, 220.0, 210.0, 230.0)


def test_over_range_as_the_cause_is_not_hidden_behind_the_normal_samples() -> None:
    made = minute_of(UV_COD, (4, 40.0, N), (8, 220.0, T))
    assert (made.cause, made.max) == (T, 220.0)
    assert made.avg == pytest.approx(160.0)


def test_calibration_readings_are_reported_only_where_nothing_was_measured() -> None:
    assert minute_of(PH, (12, 4.01, C)).avg == 4.01
    assert minute_of(PH, (1, 7.2, N), (11, 4.01, C)).avg == 7.2
    assert minute_of(UV_COD, (2, 220.0, T), (10, 4.01, C)).avg == 220.0


def test_value_of_another_cause_than_the_periods_is_not_reported_under_it() -> None:
    made = minute_of(PH, (5, 4.01, C), (7, None, B))
    assert (made.avg, made.cause) == (None, B)


def test_one_missing_poll_is_no_abnormal_value() -> None:
    made = minute_of(PH, (11, 7.0, N))
    assert (made.valid, made.abnormal) == (True, N)
    assert minute_of(PH, (10, 7.0, N)).abnormal is B


def test_polling_faster_than_due_does_not_make_bad_minutes_good() -> None:
    many = samples((12, 7.0, N), (48, 7.0, C), every_s=1.0)
    made = statistic(PH, MINUTE, Rows(samples=many, due=12))
    assert (made.valid, made.due, made.cause) == (False, 60, C)


def test_sample_without_a_number_never_counts_as_normal() -> None:
    for value in (None, math.nan, math.inf):
        made = minute_of(PH, (11, 7.0, N), (1, value, N))
        assert (made.avg, made.parts, made.abnormal) == (7.0, 11, D)


def test_minute_between_two_samples_of_a_slow_instrument_is_not_due() -> None:
    made = statistic(PH, MINUTE, Rows(due=1, slice_s=600.0))
    assert (made.avg, made.valid, made.due, made.cause) == (None, False, 0, N)
    assert made.reason == "not due: one sample in 600 s"
    sampled = statistic(PH, MINUTE, Rows(samples=samples((1, 7.0, N)), due=1, slice_s=600.0))
    assert (sampled.avg, sampled.valid, sampled.due) == (7.0, True, 1)


def test_samples_of_the_neighbouring_minutes_do_not_count() -> None:
    good = samples((12, 7.0, N))
    others = [one._replace(at=one.at + shift, value=1.0) for one in good for shift in (-60, 60)]
    assert statistic(PH, MINUTE, Rows(samples=good + others, due=12)).avg == 7.0


@pytest.mark.parametrize(
    ("groups", "cause"),
    [
        (((4, 1.0, C), (4, 1.0, D), (4, 1.0, M)), D),
        (((6, 1.0, B), (6, 1.0, M)), B),
        (((6, 1.0, D), (6, 1.0, F)), F),
        (((6, 1.0, T), (6, 1.0, S)), T),
        (((3, 1.0, D), (4, None, P), (5, 1.0, C)), P),
        (((6, None, P), (6, None, D)), D),
        (((7, 1.0, S), (5, 1.0, F)), S),
    ],
)
def test_stat_06_most_frequent_cause_then_tie_order(groups, cause) -> None:
    assert minute_of(PH, *groups).cause is cause


def test_converted_values_pass_through_the_minute() -> None:
    taken = [
        Sample("DA001", "a21026", MINUTE.start + 5 * i, 40.0, zs=zs)
        for i, zs in enumerate([40.0] * 6 + [80.0] * 6)
    ]
    made = statistic(SO2, MINUTE, Rows(samples=taken, due=12))
    assert (made.zs_avg, made.zs_min, made.zs_max) == (60.0, 40.0, 80.0)


def test_cems_08_minute_with_too_few_converted_values_has_none() -> None:
    taken = [
        Sample("DA001", "a21026", MINUTE.start + 5 * i, 4.0, zs=zs)
        for i, zs in enumerate([6.0] * 3 + [None] * 9)
    ]
    made = statistic(SO2, MINUTE, Rows(samples=taken, due=12))
    assert (made.valid, made.avg, made.zs_avg, made.zs_max) == (True, 4.0, None, None)
    assert "涉及因子无效: 3 of 12 converted" in made.reason


def test_ten_minutes_are_the_mean_of_the_valid_ones() -> None:
    ten = Period.holding(Kind.N_MINUTES, MINUTE.start, 10)
    made = statistic(PH, ten, Rows(statistics=shorter(ten, Kind.MINUTE, (8, 7.0, N), (2, 9.0, C))))
    assert (made.valid, made.avg, made.due, made.parts, made.share) == (True, 7.0, 10, 8, 0.8)
    made = statistic(PH, ten, Rows(statistics=shorter(ten, Kind.MINUTE, (7, 7.0, N), (3, 9.0, C))))
    assert (made.valid, made.avg, made.cause) == (False, 7.0, C)


def test_abnormal_sample_inside_a_valid_minute_is_seen_in_ten_minutes() -> None:
    ten = Period.holding(Kind.N_MINUTES, MINUTE.start, 10)
    minutes = shorter(ten, Kind.MINUTE, (10, 7.0, N))
    minutes[3] = replace(minutes[3], abnormal=C)
    made = statistic(PH, ten, Rows(statistics=minutes))
    assert (made.valid, made.cause, made.abnormal) == (True, N, C)


def test_newest_revision_of_a_minute_counts_once() -> None:
    ten = Period.holding(Kind.N_MINUTES, MINUTE.start, 10)
    minutes = shorter(ten, Kind.MINUTE, (10, 7.0, N))
    revised = replace(row(minutes[0].period, 17.0), revision=1)
    for order in ([*minutes, revised], [revised, *minutes]):
        made = statistic(PH, ten, Rows(statistics=order))
        assert (made.avg, made.parts) == (8.0, 10)


def test_extremes_of_ten_minutes_are_those_inside_its_valid_minutes() -> None:
    ten = Period.holding(Kind.N_MINUTES, MINUTE.start, 10)
    minutes = shorter(ten, Kind.MINUTE, (9, 7.0, N), (1, 7.0, C))
    minutes[0] = replace(minutes[0], min=6.0, max=8.5)
    minutes[9] = replace(minutes[9], min=1.0, max=14.0)
    made = statistic(PH, ten, Rows(statistics=minutes))
    assert (made.min, made.max) == (6.0, 8.5)


def test_batch_factor_has_no_minutes() -> None:
    with pytest.raises(ValueError, match="measured in batches"):
        statistic(COD, MINUTE, Rows())


def test_rows_of_other_days_do_not_count() -> None:
    ten = Period.holding(Kind.N_MINUTES, MINUTE.start, 10)
    made = statistic(PH, ten, Rows(statistics=shorter(DAY, Kind.MINUTE, (60, 7.0, N))))
    assert (made.parts, made.avg, made.cause) == (0, None, B)


def test_flow_minute_counts_the_volume_of_its_samples() -> None:
    made = minute_of(FLOW, (12, 10.0, N))
    assert (made.avg, made.cou) == (10.0, pytest.approx(0.6))
