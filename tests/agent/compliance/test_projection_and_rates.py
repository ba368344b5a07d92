"""Early warning (SUP-07, §12) and the rates of transmission (§8)."""

from __future__ import annotations

import pytest

from agent.compliance import (
    Group,
    excuse_check,
    level,
    projected_day,
    projected_mean,
    rates,
)

HOUR = 3600


def test_projected_water_day_of_50_is_at_100_percent_and_not_over() -> None:
    found = projected_day([(45.0, 50.0)] * 18, 65.0, volume_left=300.0)
    assert found == 50.0
    assert level(found, 50.0) == 100


@pytest.mark.parametrize(
    ("value", "reached"), [(39.9, 0), (40.0, 80), (44.9, 80), (45.0, 90), (49.9, 90), (60.0, 100)]
)
def test_levels_at_80_90_and_100_percent(value: float, reached: int) -> None:
    assert level(value, 50.0) == reached


def test_hour_is_projected_with_what_is_now() -> None:
    assert projected_mean([40.0] * 30, 60.0, whole=60) == 50.0
    assert projected_mean([], 60.0, whole=60) == 60.0
    assert projected_mean([], 60.0, whole=0) is None
    assert projected_day([], 60.0, volume_left=0.0) is None


def day(received: int = 24, valid: int = 24) -> list[Group]:
    return [Group(n * HOUR, due=1, received=int(n < received), valid=n < valid) for n in range(24)]


def test_t_8_one_hour_of_standard_check_costs_nothing() -> None:
    found = rates(excuse_check(day(valid=23), {23 * HOUR}))
    assert (found.due_groups, found.valid_groups, found.excused) == (23, 23, 1)
    assert found.effective == 100.0


def test_t_8_22_of_24_sent_and_21_valid_is_80_21() -> None:
    found = rates(day(received=22, valid=21))
    assert f"{found.transmission:.2f}" == "91.67"
    assert found.validity == 87.5
    assert f"{found.effective:.2f}" == "80.21"


def test_second_hour_of_standard_check_counts() -> None:
    groups = excuse_check(day(valid=22), {22 * HOUR, 23 * HOUR})
    assert [one.start // HOUR for one in groups if one.excused] == [22]
    found = rates(groups)
    assert (found.due_groups, found.valid_groups) == (23, 22)


def test_valid_hour_of_a_check_does_not_use_the_excuse_up() -> None:
    groups = excuse_check(day(valid=23), {5 * HOUR, 23 * HOUR})
    assert [one.start // HOUR for one in groups if one.excused] == [23]


def test_outlet_that_was_stopped_all_day_has_no_rate() -> None:
    stopped = [Group(n * HOUR, 3, 0, valid=False, excused="停运") for n in range(24)]
    found = rates(stopped)
    assert (found.transmission, found.validity, found.effective) == (None, None, None)
    assert found.excused == 24


def test_value_sent_twice_counts_once() -> None:
    assert rates([Group(0, due=2, received=5, valid=True)]).transmission == 100.0
