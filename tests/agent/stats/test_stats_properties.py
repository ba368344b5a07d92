"""What holds for any rows whatever."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stat_rows import (
    COD,
    DAY,
    FLOW,
    HOUR,
    MINUTE,
    PH,
    SO2,
    UV_COD,
    N,
    row,
)

from agent.model import Cause, Kind, Sample, Statistic
from agent.stats import PeriodRule, Rows, dominant, statistic
from agent.stats.means import mean
from agent.stats.parts import Part

patient = settings(deadline=None)
values = st.floats(-1e9, 1e9, allow_nan=False)
causes = st.sampled_from(list(Cause))
bad_causes = st.sampled_from([cause for cause in Cause if cause is not N])


@st.composite
def sample_lists(draw: st.DrawFn) -> list[Sample]:
    drawn = draw(st.lists(st.tuples(st.none() | values, causes), max_size=14))
    return [Sample("X", "x", MINUTE.start + 4 * i, v, c) for i, (v, c) in enumerate(drawn)]


figures = st.tuples(values, st.just(N) | causes, st.none() | st.floats(0, 1e6), st.none() | values)


@st.composite
def row_lists(draw: st.DrawFn, kind: Kind = Kind.MINUTE) -> list[Statistic]:
    """Draw some of an hour's minutes or a day's hours; few different figures, often all there."""
    places = list((HOUR if kind is Kind.MINUTE else DAY).parts(kind))
    pool = draw(st.lists(figures, min_size=1, max_size=6))
    missing = draw(st.sets(st.integers(0, len(places) - 1), max_size=20))
    bad = draw(st.integers(0, 1000))
    return [
        row(period, value, cause, cou=cou, zs=zs)
        for i, period in enumerate(places)
        if i not in missing
        for value, cause, cou, zs in [pool[(i * bad + i) % len(pool)]]
    ]


def inside(made: Statistic) -> bool:
    if made.avg is None or made.min is None or made.max is None:
        return made.avg is None and made.min is None and made.max is None
    return made.min <= made.avg <= made.max


@patient
@given(sample_lists())
def test_mean_of_a_minute_lies_within_its_extremes(taken) -> None:
    assert inside(statistic(PH, MINUTE, Rows(samples=taken, due=12)))


@patient
@given(row_lists(), row_lists())
def test_mean_of_an_hour_lies_within_its_extremes(minutes, flow) -> None:
    for rule in (PH, SO2, UV_COD):
        made = statistic(rule, HOUR, Rows(statistics=minutes, flow_statistics=flow))
        assert inside(made)
        assert (made.zs_avg is None) == (made.zs_max is None)


@patient
@given(row_lists(Kind.HOUR), row_lists(Kind.HOUR))
def test_mean_of_a_day_lies_within_its_extremes(hours, flow) -> None:
    for rule in (SO2, COD, FLOW):
        assert inside(statistic(rule, DAY, Rows(statistics=hours, flow_statistics=flow)))


@patient
@given(row_lists(), st.randoms())
def test_order_of_the_rows_does_not_matter(minutes, random) -> None:
    mixed = list(minutes)
    random.shuffle(mixed)
    for rule in (SO2, UV_COD, FLOW):
        one = statistic(rule, HOUR, Rows(statistics=minutes, flow_statistics=minutes))
        assert statistic(rule, HOUR, Rows(statistics=mixed, flow_statistics=mixed)) == one


@patient
@given(sample_lists(), st.randoms())
def test_order_of_the_samples_does_not_matter(taken, random) -> None:
    mixed = list(taken)
    random.shuffle(mixed)
    for rule in (PH, FLOW):
        one = statistic(rule, MINUTE, Rows(samples=taken, due=12))
        assert statistic(rule, MINUTE, Rows(samples=mixed, due=12)) == one


@patient
@given(sample_lists(), values | st.none(), bad_causes)
def test_bad_sample_never_makes_an_invalid_minute_valid(taken, value, cause) -> None:
    before = statistic(PH, MINUTE, Rows(samples=taken, due=12))
    more = [*taken, Sample("X", "x", MINUTE.start + 59.5, value, cause)]
    after = statistic(PH, MINUTE, Rows(samples=more, due=12))
    assert before.valid or not after.valid


@patient
@given(row_lists(Kind.HOUR), bad_causes)
def test_bad_hour_never_makes_an_invalid_day_valid(hours, cause) -> None:
    # A stopped hour is left out on purpose under share_75_of_running: it leaves the due count.
    free = [p for p in DAY.parts(Kind.HOUR) if p not in {one.period for one in hours}]
    for rule in (SO2, COD):
        before = statistic(rule, DAY, Rows(statistics=hours))
        more = hours + [row(period, 1.0, cause) for period in free[:1]]
        assert before.valid or not statistic(rule, DAY, Rows(statistics=more)).valid


@patient
@given(row_lists(), bad_causes)
def test_bad_minute_never_makes_an_invalid_hour_valid(minutes, cause) -> None:
    free = [p for p in HOUR.parts(Kind.MINUTE) if p not in {one.period for one in minutes}]
    for rule in (SO2, PH):
        before = statistic(rule, HOUR, Rows(statistics=minutes))
        more = minutes + [row(period, 1.0, cause) for period in free[:1]]
        assert before.valid or not statistic(rule, HOUR, Rows(statistics=more)).valid


@patient
@given(row_lists(), st.sampled_from([PH, SO2, UV_COD]))
def test_valid_and_normal_are_the_same_and_nothing_is_invented(
    minutes: list[Statistic], rule: PeriodRule
) -> None:
    made = statistic(rule, HOUR, Rows(statistics=minutes))
    assert made.valid == (made.cause is N)
    assert made.valid or made.abnormal is not N
    assert 0.0 <= made.share <= 1.0
    if made.avg is not None:
        assert made.min in {one.avg for one in minutes}
        assert made.max in {one.avg for one in minutes}


@patient
@given(row_lists())
def test_invalid_values_never_reach_a_valid_mean(minutes) -> None:
    spoiled = [one if one.valid else replace(one, avg=9e9, min=9e9, max=9e9) for one in minutes]
    made = statistic(SO2, HOUR, Rows(statistics=spoiled))
    if made.valid and made.max is not None:
        assert made.max < 9e9


@patient
@given(st.lists(causes))
def test_dominant_cause_is_among_those_given(given_causes) -> None:
    found = dominant(given_causes)
    bad = [cause for cause in given_causes if cause is not N]
    assert found in bad if bad else found is N


enormous = st.sampled_from([1.7e308, -1.7e308, 1e308, 1.0, 0.0])


@patient
@given(st.lists(enormous, min_size=1, max_size=60))
def test_figures_a_float_can_hardly_hold_have_a_mean_all_the_same(figures: list[float]) -> None:
    samples = [Sample("X", "x", MINUTE.start + i, v, N) for i, v in enumerate(figures)]
    made = statistic(PH, MINUTE, Rows(samples=samples, due=len(samples)))
    assert made.avg is not None
    assert inside(made)


@patient
@given(st.lists(st.tuples(enormous, st.sampled_from([1e308, 1.0, 1e-308])), min_size=1))
def test_weighted_mean_of_such_figures_is_between_them(figures: list[tuple[float, float]]) -> None:
    parts = [Part(float(i), N, N, value, value, value) for i, (value, _) in enumerate(figures)]
    found = mean(parts, {float(i): weight for i, (_, weight) in enumerate(figures)})
    assert found.weighted
    assert found.low is not None and found.avg is not None and found.high is not None
    assert found.low <= found.avg <= found.high


def test_mean_of_two_figures_whose_sum_is_no_float() -> None:
    parts = [Part(0.0, N, N, 1.7e308, 1.7e308, 1.7e308), Part(1.0, N, N, 1.5e308, 1.5e308, 1.5e308)]
    assert mean(parts, {}).avg == pytest.approx(1.6e308)
    assert mean(parts, {0.0: 300.0, 1.0: 100.0}).avg == pytest.approx(1.65e308)


def test_mean_of_nothing_but_zero_under_weights_whose_sum_is_no_float() -> None:
    parts = [Part(float(i), N, N, 0.0, 0.0, 0.0) for i in range(2)]
    assert mean(parts, {0.0: 1e308, 1.0: 1e308}).avg == 0.0
