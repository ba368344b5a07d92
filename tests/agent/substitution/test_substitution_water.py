"""Substituted mass of water: T-W29 and the neighbours of WAT-27…30."""

from __future__ import annotations

import pytest

from agent.substitution import DayMass, effective_rate, manual_mean, substitute_day

DAY, HOUR = 86_400, 3600
LOST = 100 * DAY
PASSED = 99 * DAY + 8 * HOUR


def past(**masses: float) -> list[DayMass]:
    """Days of 50 kg before the lost one; `d3=120` is three days before it."""
    return [DayMass(LOST - n * DAY, masses.get(f"d{n}", 50.0)) for n in range(60, 0, -1)]


def test_t_w29_largest_day_of_the_thirty_before_the_last_passed_check() -> None:
    found = substitute_day(DayMass(LOST, None), past(d20=120.0, d32=500.0), passed_at=PASSED)
    assert found is not None
    assert found.mass == 120.0
    assert "max of" in found.reason


def test_day_after_the_last_passed_check_is_not_looked_at() -> None:
    found = substitute_day(DayMass(LOST, None), past(d1=500.0), passed_at=PASSED)
    assert found is not None
    assert found.mass == 50.0


def test_valid_day_and_day_of_zero_flow_need_nothing_wat_24() -> None:
    assert substitute_day(DayMass(LOST, 3.0), past(), passed_at=PASSED) is None
    assert substitute_day(DayMass(LOST, None, dry=True), past(), passed_at=PASSED) is None


def test_no_valid_day_to_look_back_on_stays_empty() -> None:
    found = substitute_day(DayMass(LOST, None), [DayMass(LOST - DAY, None)], passed_at=PASSED)
    assert found is not None
    assert found.mass is None


def values(*hours: float) -> list[tuple[int, float]]:
    return [(int(LOST + hour * HOUR), 40.0 + hour) for hour in hours]


def test_manual_values_in_repair_go_first() -> None:
    found = substitute_day(
        DayMass(LOST, None),
        past(),
        passed_at=PASSED,
        repair=True,
        manual=values(2, 8, 14, 20),
        volume_m3=1000.0,
    )
    assert found is not None
    assert found.mass == pytest.approx(51.0)
    assert found.reason == "manual values"


@pytest.mark.parametrize("hours", [(2, 8, 14), (1, 7, 14, 20)])
def test_too_few_or_too_distant_manual_values_do_not_stand_for_a_day(hours: tuple[int]) -> None:
    assert manual_mean(values(*hours), start=LOST) is None
    found = substitute_day(
        DayMass(LOST, None),
        past(),
        passed_at=PASSED,
        repair=True,
        manual=values(*hours),
        volume_m3=1000.0,
    )
    assert found is not None
    assert found.mass == 50.0


def test_manual_values_outside_of_repair_are_not_used() -> None:
    found = substitute_day(
        DayMass(LOST, None),
        past(),
        passed_at=PASSED,
        manual=values(2, 8, 14, 20),
        volume_m3=1000.0,
    )
    assert found is not None
    assert found.mass == 50.0


def test_wat_30_effective_rate() -> None:
    assert effective_rate(due=720, valid=648) == 90.0
    assert effective_rate(due=0, valid=0) is None
