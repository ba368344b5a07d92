from __future__ import annotations

import pytest

from agent.tools.simulate.courses import (
    EFFLUENT,
    MARGIN,
    TILBURG,
    TURBINE,
    Course,
    course,
)
from agent.tools.simulate.recordings import Recording, recording


def test_recordings_hold_the_rows_that_have_a_number() -> None:
    assert len(recording(EFFLUENT, "w01018").rows) == 509  # 527 days, 18 without a value
    assert len(recording(TILBURG, "w21003").rows) == 4000
    assert recording(TURBINE, "a21005").rows[:2] == (7.4491, 6.4684)


def test_recording_goes_straight_between_rows_and_begins_again() -> None:
    tape = Recording((10.0, 20.0, 0.0), 0.0, 20.0)
    assert [tape.at(p) for p in (0, 0.5, 1, 2, 2.5, 3)] == [10, 15, 20, 0, 5, 10]


def test_course_gives_the_same_value_at_the_same_time() -> None:
    one, same, other = (course("w01018", seed=seed) for seed in ("cod/1", "cod/1", "cod/2"))
    assert one.at(1000.25) == same.at(1000.25)
    assert one.at(1000.25) != other.at(1000.25)


def test_course_steps_one_row_in_row_s() -> None:
    slow, fast = (course("a21005", seed="x", row_s=row_s) for row_s in (60.0, 6.0))
    tape = recording(TURBINE, "a21005")
    start = slow.seed % len(tape.rows)
    expected = tape.rows[(start + 10) % len(tape.rows)]
    assert slow.at(600.0) == pytest.approx(expected, rel=0.005)
    assert fast.at(60.0) == pytest.approx(expected, rel=0.005)


def test_neighbouring_seconds_differ_a_little() -> None:
    played = Course("", level=100.0, seed=1)
    values = {played.at(t) for t in range(50)}
    assert len(values) > 40
    assert all(abs(value - 100) <= 0.4 for value in values)


@pytest.mark.parametrize("factor", ["w01018", "w21003", "a21002", "w20120"])
def test_course_stays_below_its_limit_for_good(factor: str) -> None:
    limit = course(factor, seed="x").high / 3
    played = course(factor, seed="x").within(None, limit)
    assert played.high == pytest.approx(MARGIN * limit)
    assert max(played.at(t * 61.0) for t in range(600)) < limit


def test_course_with_two_limits_is_fitted_between_them() -> None:
    played = course("w01001", seed="x").within(6.0, 9.0)
    assert (played.low, played.high) == pytest.approx((6.3, 8.4))


def test_course_already_within_its_limits_is_left_alone() -> None:
    played = course("w21003", seed="x")
    assert played.within(None, 100.0) is played
    assert played.within(None, None) is played


def test_value_is_never_negative_unless_the_quantity_is() -> None:
    assert min(course("w21003", seed="x").at(t * 30.0) for t in range(5000)) >= 0
    assert course("a01013", seed="x").at(5.0) < 0
