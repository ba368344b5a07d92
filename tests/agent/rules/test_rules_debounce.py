"""Exceedances open after n values in a row, go on, and end (debounce; CMP-06, SMP-03)."""

import dataclasses
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_rows import EIGHT, cod

from agent.model import Cause, Kind, Measurement, Period, Statistic
from agent.rules import Exceedance, JudgedValue, Limit, Step, debounce, from_hour, from_measurement

LIMIT = Limit(high=50.0, retain=True)
PH = Limit(low=6.0, high=9.0)


def steps(limit: Limit, *rows: JudgedValue) -> list[Step]:
    state: Exceedance | None = None
    taken = []
    for row in rows:
        decision = debounce(limit, state, row)
        taken.append(decision.step)
        state = None if decision.step is Step.CLOSED else decision.exceedance
    return taken


def test_first_value_over_opens_then_goes_on_then_ends() -> None:
    assert steps(LIMIT, cod(40.0), cod(62.0, 1), cod(70.0, 2), cod(50.0, 3), cod(45.0, 4)) == [
        Step.NOTHING,
        Step.OPENED,
        Step.CONTINUED,
        Step.CLOSED,
        Step.NOTHING,
    ]


def test_three_rows_are_needed_when_the_limit_says_so() -> None:
    three = replace(LIMIT, rows=3)
    assert steps(three, *[cod(60.0, hour) for hour in range(4)]) == [
        Step.NOTHING,
        Step.NOTHING,
        Step.OPENED,
        Step.CONTINUED,
    ]


def test_value_within_the_limit_starts_the_count_again() -> None:
    three = replace(LIMIT, rows=3)
    values = [60.0, 60.0, 40.0, 60.0, 60.0, 60.0]
    taken = steps(three, *[cod(value, hour) for hour, value in enumerate(values)])
    assert taken == [Step.NOTHING] * 5 + [Step.OPENED]


def test_over_range_counts_as_over() -> None:
    assert steps(LIMIT, cod(260.0, 0, Cause.OVER_RANGE)) == [Step.OPENED]


@pytest.mark.parametrize("cause", [c for c in Cause if c not in (Cause.NORMAL, Cause.OVER_RANGE)])
def test_value_that_is_not_valid_neither_opens_nor_ends(cause) -> None:
    assert steps(LIMIT, cod(600.0, 0, cause)) == [Step.NOTHING]
    assert steps(LIMIT, cod(60.0, 0), cod(1.0, 1, cause), cod(60.0, 2)) == [
        Step.OPENED,
        Step.NOTHING,
        Step.CONTINUED,
    ]


def test_missing_value_does_not_break_a_run() -> None:
    two = replace(LIMIT, rows=2)
    taken = steps(two, cod(60.0, 0), cod(None, 1, Cause.NO_LINK), cod(60.0, 2))
    assert taken == [Step.NOTHING, Step.NOTHING, Step.OPENED]


def test_same_value_told_twice_counts_once() -> None:
    two = replace(LIMIT, rows=2)
    assert steps(two, cod(60.0), cod(60.0)) == [Step.NOTHING, Step.NOTHING]
    assert steps(LIMIT, cod(60.0), cod(60.0)) == [Step.OPENED, Step.NOTHING]


def test_two_results_of_one_hour_both_count() -> None:
    second = replace(cod(60.0), completed_at=cod(60.0).completed_at + 1800)
    assert steps(replace(LIMIT, rows=2), cod(60.0), second) == [Step.NOTHING, Step.OPENED]


def test_exceedance_keeps_first_last_and_worst() -> None:
    state: Exceedance | None = None
    for hour, value in enumerate([62.0, 90.0, 55.0]):
        state = debounce(LIMIT, state, cod(value, hour)).exceedance
    assert state == Exceedance(
        outlet="DW001",
        factor="w01018",
        is_open=True,
        rows=3,
        first_at=EIGHT,
        last_at=EIGHT + 7200,
        last_completed_at=EIGHT + 7200 + 4800,
        worst=90.0,
        limit=50.0,
    )
    closed = debounce(LIMIT, state, cod(30.0, 3))
    assert (closed.step, closed.exceedance) == (Step.CLOSED, state)


def test_worst_of_ph_is_the_value_farthest_beyond_its_own_bound() -> None:
    state: Exceedance | None = None
    for hour, value in enumerate([9.5, 4.0, 9.9]):
        state = debounce(PH, state, cod(value, hour)).exceedance
    assert state is not None
    assert (state.worst, state.limit) == (4.0, 6.0)


def test_state_survives_a_row_of_json() -> None:
    state = debounce(LIMIT, None, cod(62.0)).exceedance
    assert state is not None
    assert Exceedance(**json.loads(json.dumps(dataclasses.asdict(state)))) == state


def test_limit_made_stricter_while_counting_opens_at_once() -> None:
    pending = debounce(replace(LIMIT, rows=3), None, cod(60.0)).exceedance
    assert debounce(LIMIT, pending, cod(60.0, 1)).step is Step.OPENED


def test_limit_made_more_patient_does_not_open_again_what_is_open() -> None:
    opened = debounce(LIMIT, None, cod(60.0)).exceedance
    after = debounce(replace(LIMIT, rows=5), opened, cod(60.0, 1))
    assert after.step is Step.CONTINUED
    assert after.exceedance is not None
    assert after.exceedance.is_open
    assert debounce(replace(LIMIT, rows=5), after.exceedance, cod(40.0, 2)).step is Step.CLOSED


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(list(Cause)))), st.integers(1, 4))
def test_every_exceedance_opens_once_before_it_ends(values, rows) -> None:
    limit = replace(LIMIT, rows=rows)
    given_rows = [cod(value, hour, cause) for hour, (value, cause) in enumerate(values)]
    taken = [step for step in steps(limit, *given_rows) if step is not Step.NOTHING]
    is_open = False
    for step in taken:
        assert is_open == (step is not Step.OPENED)
        is_open = step is not Step.CLOSED


HOUR = Period(Kind.HOUR, EIGHT)


def hour_row(**more: object) -> Statistic:
    row = Statistic(
        outlet="DA001",
        factor="a21026",
        period=HOUR,
        avg=40.0,
        min=40.0,
        max=40.0,
        cou=None,
        cause=Cause.NORMAL,
        abnormal=Cause.NORMAL,
        share=1.0,
        valid=True,
        parts=60,
        due=60,
        zs_avg=60.0,
    )
    return replace(row, **more)  # type: ignore[arg-type]


def test_cmp_01_hour_of_a_corrected_factor_is_judged_by_its_converted_value() -> None:
    assert from_hour(hour_row()).value == 40.0
    row = from_hour(hour_row(), converted=True)
    assert (row.value, row.sampled_at, row.completed_at) == (60.0, EIGHT, EIGHT + 3600)
    assert steps(LIMIT, row) == [Step.OPENED]


def test_cems_08_hour_without_converted_value_is_not_judged_by_the_measured_one() -> None:
    row = from_hour(hour_row(avg=400.0, zs_avg=None), converted=True)
    assert steps(LIMIT, row) == [Step.NOTHING]


def test_cmp_06_hour_that_is_not_valid_is_not_judged() -> None:
    row = from_hour(hour_row(avg=400.0, valid=False, cause=Cause.CALIBRATION))
    assert steps(LIMIT, row) == [Step.NOTHING]


def test_result_is_judged_with_its_own_times() -> None:
    result = Measurement("DW001", "w01018", "cod", EIGHT, EIGHT + 4800.0, EIGHT + 4810.0, 62.0)
    assert from_measurement(result) == cod(62.0)
