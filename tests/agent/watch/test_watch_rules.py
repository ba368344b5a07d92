"""AF-01…05 and AF-07 on rows written by hand: what is told, and what is let be."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from agent.watch import (
    Course,
    Finding,
    Point,
    Thresholds,
    acidity,
    at_zero,
    constant,
    corrected,
    dust_in_air,
    grouped,
    narrow,
    parts,
    steps,
    truncated,
)
from agent.watch.finding import SHOWN
from agent.watch.grouping import TIMES, begun

T0 = 1_780_000_000.0
USUAL = Thresholds()


def course(values: Iterable[float | None], **more: object) -> Course:
    """A course of one value a minute, None where there is none; range 0 to 100."""
    step_s = float(more.pop("step_s", 60.0))  # type: ignore[arg-type]
    points = [
        Point(T0 + step_s * at, value) for at, value in enumerate(values) if value is not None
    ]
    plain = Course("w01018", points, step_s, low=0.0, high=100.0)
    return replace(plain, **more)  # type: ignore[arg-type]


def told(found: Iterable[Finding]) -> list[tuple[str, str, float, int]]:
    """Give rule, cause, length in hours and number of points."""
    return [(one.rule, one.cause, (one.end - one.start) / 3600, one.count) for one in found]


def lively(count: int, *, low: float = 20.0, high: float = 60.0) -> list[float]:
    dice = random.Random(7)
    return [dice.uniform(low, high) for _ in range(count)]


def test_living_values_are_nobodys_business() -> None:
    one = course(lively(1440), limit=80.0)
    assert told(constant(one, USUAL)) == []
    assert told(at_zero(one, USUAL)) == []
    assert told(truncated(one, USUAL)) == []
    assert told(narrow(one, USUAL, now=T0 + 86_400)) == []


@pytest.mark.parametrize(("minutes", "expected"), [(239, []), (240, [4.0]), (300, [5.0])])
def test_af_01_one_printed_value_for_four_hours(minutes: int, expected: list[float]) -> None:
    one = course([*lively(60), *[33.001, 33.004] * (minutes // 2), 33.0][: 60 + minutes])
    found = told(constant(one, USUAL))
    assert [(rule, cause, hours) for rule, cause, hours, _ in found] == [
        ("AF-01", "constant", hours) for hours in expected
    ]


def test_af_01_what_does_not_flow_may_stand_still() -> None:
    points = [Point(T0 + 60 * at, 33.0, discharging=False) for at in range(600)]
    assert told(constant(course([], points=points), USUAL)) == []


def test_af_01_a_hole_ends_the_stretch() -> None:
    values = [33.0] * 200 + [None] * 20 + [33.0] * 200
    assert told(constant(course(values), USUAL)) == []


def test_af_01_measurements_are_counted_and_not_their_repeats() -> None:
    assert told(constant(course([33.0] * 4, step_s=3600.0), USUAL)) == [
        ("AF-01", "constant", 4.0, 4)
    ]
    assert told(constant(course([33.0] * 3, step_s=3600.0), USUAL)) == []


def test_af_01_spread_below_one_percent_of_the_range_for_twelve_hours() -> None:
    still = lively(720, low=50.0, high=50.99)
    assert told(constant(course([*lively(30), *still, *lively(30)]), USUAL)) == [
        ("AF-01", "band", 12.0, 720)
    ]
    assert told(constant(course(lively(720, low=50.0, high=51.5)), USUAL)) == []
    assert told(constant(course(still[:-1]), USUAL)) == []
    assert told(constant(course(still, high=None), USUAL)) == []


def test_af_01_slow_drift_is_found_once_it_is_slow_enough() -> None:
    drift = [50 + 0.001 * at for at in range(1440)]
    (found,) = constant(course(drift), USUAL)
    assert found.cause == "band"
    assert found.figures["spread"] < 1.0


def test_af_02_zero_or_less_for_an_hour_while_it_flows() -> None:
    assert told(at_zero(course([5.0, *[0.0, -0.1] * 30, 5.0]), USUAL)) == [
        ("AF-02", "zero", 1.0, 60)
    ]
    assert told(at_zero(course([0.0] * 59), USUAL)) == []


def test_af_03_days_within_two_percent_of_the_range() -> None:
    hours = course(lively(72, low=50.0, high=51.9), step_s=3600.0)
    assert told(narrow(hours, USUAL, now=T0 + 72 * 3600)) == [("AF-03", "narrow", 72.0, 72)]
    half = course([one.value for one in hours.points][:50], step_s=3600.0)
    assert told(narrow(half, USUAL, now=T0 + 72 * 3600)) == []


def test_af_03_always_at_the_detection_limit() -> None:
    hours = course([0.3, 0.5, 3.0, 0.4] * 18, step_s=3600.0, high=100.0)
    low = replace(USUAL, detection=3.0, narrow=0.001)
    assert [one.cause for one in narrow(hours, low, now=T0 + 72 * 3600)] == ["detection"]
    assert told(narrow(hours, replace(low, detection=2.9), now=T0 + 72 * 3600)) == []


def test_af_04_flat_top_of_the_range_and_long_run_below_the_limit() -> None:
    assert told(truncated(course([50.0, *[99.95] * 60, 50.0]), USUAL)) == [
        ("AF-04", "range", 1.0, 60)
    ]
    below = course([*lively(360, low=49.0, high=50.0), 60.0], limit=50.0)
    assert told(truncated(below, USUAL)) == [("AF-04", "limit", 6.0, 360)]
    over = course([*lively(360, low=50.01, high=52.0)], limit=50.0)
    assert told(truncated(over, USUAL)) == []


def test_af_05_jump_of_more_than_five_sigmas() -> None:
    usual = lively(600, low=29.0, high=31.0)
    (found,) = steps(course([*usual, 45.0, *[45.0] * 3]), USUAL, ())
    assert (found.rule, found.cause, found.end - found.start) == ("AF-05", "sigma", 120.0)
    assert [value for _, value in found.samples] == [usual[-1], 45.0]
    assert told(steps(course([*usual, 33.0]), USUAL, ())) == []  # 3 % of the range


def test_af_05_threefold_within_five_minutes() -> None:
    rise = [10.0, 15.0, 20.0, 25.0, 31.0]
    (found,) = steps(course([10.0] * 3 + rise), replace(USUAL, sigmas=1e9), ())
    assert found.cause == "times"
    slow = [10.0 + at for at in range(22)]
    assert told(steps(course(slow), replace(USUAL, sigmas=1e9), ())) == []


def test_af_05_a_change_of_condition_explains_a_jump() -> None:
    one = course([*lively(600, low=29.0, high=31.0), 45.0])
    at = T0 + 600 * 60
    assert told(steps(one, USUAL, (at - 300,))) == []
    assert len(told(steps(one, USUAL, (at - 3600,)))) == 1


def test_af_05_nothing_is_said_across_a_hole() -> None:
    one = course([*lively(600, low=29.0, high=31.0), *[None] * 30, 45.0])
    assert told(steps(one, USUAL, ())) == []


def test_af_07_part_over_its_whole() -> None:
    courses = {
        "w21003": course([3.0, 9.0, 3.0], step_s=3600.0, factor="w21003"),
        "w21001": course([8.0, 8.0, 8.0], step_s=3600.0, factor="w21001"),
    }
    (found,) = parts(courses)
    assert (found.factor, found.count, found.start) == ("w21003", 1, T0 + 3600)
    assert found.figures == {"part": 9.0, "whole": 8.0}
    assert told(parts({"w21003": courses["w21003"]})) == []


def test_af_07_ph_too_still_and_too_restless() -> None:
    still = {"w01001": course([7.0, 7.05] * 720, factor="w01001")}
    assert [one.cause for one in acidity(still, USUAL)] == ["pH too still"]
    alive = {"w01001": course([7.0, 7.5] * 720, factor="w01001")}
    assert told(acidity(alive, USUAL)) == []
    jumping = {"w01001": course([6.0, 8.1] * 10, factor="w01001")}
    assert {one.cause for one in acidity(jumping, USUAL)} == {"pH too restless"}


def test_af_07_dust_over_its_limit_in_air() -> None:
    courses = {
        "a34013": course([5.0, 35.0, 35.0], factor="a34013", limit=30.0),
        "a19001": course([20.5, 8.0, 20.5], factor="a19001"),
    }
    (found,) = dust_in_air(courses, USUAL)
    assert (found.start, found.count) == (T0 + 120, 1)


def test_t_07b_corrected_value_is_reckoned_again() -> None:
    one = course([35.0, 35.0, 35.0], factor="a21026")
    at = [point.at for point in one.points]
    oxygen = dict.fromkeys(at, 8.0)
    zs = {at[0]: 40.3846, at[1]: 40.3846 * 1.019, at[2]: 40.3846 * 1.021}
    (found,) = corrected(one, zs, oxygen, USUAL, reference=6.0)
    assert (found.cause, found.count, found.start) == ("corrected", 1, at[2])
    near_air = dict.fromkeys(at, 21.0)
    assert told(corrected(one, zs, near_air, USUAL, reference=6.0)) == []


def test_finding_takes_a_bounded_number_of_samples_along() -> None:
    (found,) = constant(course([33.0] * 1440), USUAL)
    assert (found.count, len(found.samples)) == (1440, SHOWN)
    assert (found.samples[0][0], found.samples[-1][0]) == (T0, T0 + 1439 * 60)


def finding(start: float, end: float) -> Finding:
    return Finding("AF-02", "zero", "w01018", T0 + start, T0 + end, 60)


def test_repeats_are_one_case_with_count_and_first_date() -> None:
    group = begun(finding(0, 3600))
    assert (group.count, group.first) == (1, T0)
    again = grouped(group.detail(), finding(7200, 10_800))
    assert again is not None
    assert (again.count, again.first, again.times) == (2, T0, (T0, T0 + 7200))


def test_same_stretch_seen_again_is_no_repeat() -> None:
    group = begun(finding(0, 3600))
    assert grouped(group.detail(), finding(0, 3600)) is None
    longer = grouped(group.detail(), finding(600, 7200))
    assert longer is not None
    assert (longer.count, longer.last, longer.newest.start) == (1, T0 + 7200, T0)


def test_case_remembers_a_bounded_number_of_times() -> None:
    group = begun(finding(0, 3600))
    for number in range(1, 50):
        more = grouped(group.detail(), finding(number * 7200, number * 7200 + 3600))
        assert more is not None
        group = more
    assert (group.count, group.first, len(group.times)) == (50, T0, TIMES)
