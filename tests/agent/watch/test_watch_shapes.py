"""AF-06: what comes a second time, and two outlets that move alike."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from agent.watch import Course, Point, Thresholds, repeated, same_day, side_by_side
from agent.watch.shapes import alike

T0 = 1_780_000_000.0
DAY = 86_400
USUAL = Thresholds()


def course(values: Iterable[float], *, start: float = T0, step_s: float = 60.0) -> Course:
    points = [Point(start + step_s * at, value) for at, value in enumerate(values)]
    return Course("w01018", points, step_s, low=0.0, high=100.0)


def lively(count: int, seed: int = 7) -> list[float]:
    dice = random.Random(seed)
    return [dice.uniform(20.0, 60.0) for _ in range(count)]


def test_af_06_living_values_do_not_come_twice() -> None:
    assert list(repeated(course(lively(1440)), USUAL)) == []


def test_af_06_stretch_that_was_played_again_is_found_with_its_lag() -> None:
    played = lively(60)
    values = [*played, *lively(200, 8), *played, *lively(30, 9)]
    (one,) = repeated(course(values), USUAL)
    assert (one.rule, one.cause, one.count) == ("AF-06", "repeated", 60)
    assert (one.start, one.end) == (T0 + 260 * 60, T0 + 320 * 60)
    assert one.figures == {"lag_s": 260 * 60.0}


def test_af_06_fewer_values_in_a_row_than_the_setting_are_chance() -> None:
    played = lively(29)
    values = [*played, *lively(200, 8), *played, *lively(30, 9)]
    assert list(repeated(course(values), USUAL)) == []
    assert len(list(repeated(course(values), replace(USUAL, repeat_min=29)))) == 1


def test_af_06_what_stands_still_is_not_a_repetition() -> None:
    assert list(repeated(course([33.0, 34.0, 35.0, 36.0] * 200), USUAL)) == []


def test_af_06_stretch_is_not_held_against_itself() -> None:
    wave = lively(10) * 6
    assert list(repeated(course(wave[:59]), USUAL)) == []
    (one,) = repeated(course(wave), USUAL)
    assert one.figures == {"lag_s": 1800.0}


def test_af_06_two_repetitions_are_two_findings() -> None:
    played = lively(40)
    values = [*played, *lively(100, 8), *played, *lively(100, 9), *played]
    assert len(list(repeated(course(values), USUAL))) == 2


def days(*of: Sequence[float]) -> tuple[Course, float]:
    """Hours of consecutive days, and the end of the last of them."""
    values = [value for day in of for value in day]
    return course(values, step_s=3600.0), T0 + len(values) * 3600.0


def test_af_06_day_that_was_copied_from_an_earlier_one() -> None:
    monday = lively(24)
    known, now = days(monday, lively(24, 8), [*monday[:22], 1.0, 2.0])
    (one,) = same_day(known, USUAL, now=now)
    assert one.cause == "day repeated"
    assert one.figures == {"days_before": 2, "equal": 22 / 24}


def test_af_06_day_of_the_same_shape_at_another_height() -> None:
    monday = lively(24)
    known, now = days(monday, [1.1 * value + 3 for value in monday])
    (one,) = same_day(known, USUAL, now=now)
    assert (one.cause, one.figures["days_before"]) == ("day alike", 1)


def test_af_06_ordinary_rhythm_of_a_day_is_no_copy() -> None:
    rhythm = [40 + 10 * math.sin(hour / 24 * math.tau) for hour in range(24)]
    noise = [
        [value + one / 40 for value, one in zip(rhythm, lively(24, n), strict=True)] for n in (1, 2)
    ]
    known, now = days(*noise)
    assert list(same_day(known, USUAL, now=now)) == []


def test_af_06_half_a_day_is_not_compared_and_a_still_day_is_another_rule() -> None:
    monday = lively(24)
    known, now = days(monday, monday[:12])
    assert list(same_day(known, USUAL, now=now + 12 * 3600)) == []
    still, now = days([33.0] * 24, [33.0] * 24)
    assert list(same_day(still, USUAL, now=now)) == []


def test_af_06_two_outlets_alike() -> None:
    one, other = lively(1200), lively(1200, 8)
    copied = course([value + 0.05 for value in one])
    (found,) = side_by_side(course(one), copied, USUAL, outlet="DW002", least=1080)
    assert (found.cause, found.count) == ("alike DW002", 1200)
    assert list(side_by_side(course(one), course(other), USUAL, outlet="DW002", least=1080)) == []
    assert list(side_by_side(course(one), copied, USUAL, outlet="DW002", least=1201)) == []


@pytest.mark.parametrize(("one", "other"), [([1.0, 1.0], [1.0, 2.0]), ([1.0], [2.0])])
def test_what_stands_still_is_like_nothing(one: list[float], other: list[float]) -> None:
    assert alike(one, other) is None
