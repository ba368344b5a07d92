"""AF-08, AF-10, AF-11: one value all the way, parameters as filed, calibrations."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from agent.watch import (
    Actual,
    Calibration,
    Course,
    Hop,
    Point,
    Schedule,
    Thresholds,
    beyond,
    differing,
    filed_hash,
    odd_times,
    off_filed,
    shifted,
    too_often,
)

ZONE = datetime.timezone(datetime.timedelta(hours=8))
T0 = datetime.datetime(2026, 6, 10, 10, tzinfo=ZONE).timestamp()
HOUR = 3600.0
USUAL = Thresholds()


@pytest.mark.parametrize(
    ("before", "after", "half", "off"),
    [
        (50.0, 50.5, 0.0, False),
        (50.0, 50.51, 0.0, True),
        (0.004, 0.0, 0.005, False),
        (33.04, 33.0, 0.05, False),
        (33.0, 30.0, 0.05, True),
        (0.0, 0.0, 0.0, False),
        (-1.0, -1.02, 0.0, True),
    ],
)
def test_af_08_more_than_one_percent_and_more_than_printing_takes(
    before: float, after: float, half: float, off: bool
) -> None:
    found = list(differing([Hop("w01018", int(T0), before, after, "sent", half)], USUAL))
    assert bool(found) == off


def test_af_08_hours_of_one_factor_and_step_are_one_finding() -> None:
    hops = [Hop("w01018", int(T0 + at * HOUR), 50.0, 60.0, "sent") for at in (2, 0, 1)]
    hops.append(Hop("w01018", int(T0), 50.0, 60.0, "stored"))
    sent, stored = differing(hops, USUAL)
    assert (sent.cause, sent.count, sent.start, sent.end) == ("sent", 3, T0, T0 + 3 * HOUR)
    assert (stored.cause, stored.count) == ("stored", 1)
    assert sent.samples == tuple((T0 + at * HOUR, 60.0) for at in range(3))


def test_af_10_parameter_that_is_not_what_was_filed() -> None:
    actual = {
        "slope": Actual(1.1, T0, T0 + 60),
        "range": Actual(200.00001, T0, T0 + 60),
        "zero": Actual(0.0, T0, T0),
    }
    filed = {"slope": 1.0, "range": 200.0, "zero": 0.0, "never_read": 5.0}
    (one,) = off_filed("cod", filed, actual, filed_at=T0 + 30)
    assert (one.cause, one.grave) == ("cod slope not as filed", True)
    assert (one.start, one.end) == (T0 + 30, T0 + 61)
    assert (one.figures["filed"], one.figures["actual"]) == (1.0, 1.1)


def test_filed_set_has_one_hash_however_it_is_written() -> None:
    one = {"cod": {"slope": 1.0, "zero": 0.0}, "ph": {"k": 2.0}}
    other = {"ph": {"k": 2.0}, "cod": {"zero": 0.0, "slope": 1.0}}
    assert filed_hash(one) == filed_hash(other)
    assert filed_hash(one) != filed_hash({})


def calibration(
    hour: float, *, channel: str = "manual", passed: bool | None = None, minutes: float = 20
) -> Calibration:
    start = T0 - 10 * HOUR + hour * HOUR
    return Calibration("w01018", start, start + minutes * 60, channel, passed)  # type: ignore[arg-type]


@pytest.mark.parametrize(("hour", "odd"), [(7.99, True), (8, False), (17.99, False), (18, True)])
def test_af_11_persons_calibrate_in_working_hours(hour: float, odd: bool) -> None:
    assert bool(list(odd_times([calibration(hour)], Schedule()))) == odd
    assert list(odd_times([calibration(hour)], Schedule(hours=None))) == []


@pytest.mark.parametrize(("hour", "odd"), [(0.4, False), (23.6, False), (0.6, True), (12, True)])
def test_af_11_automatic_ones_follow_their_plan(hour: float, odd: bool) -> None:
    one = calibration(hour, channel="auto")
    assert bool(list(odd_times([one], Schedule(plan=(0,))))) == odd
    assert list(odd_times([one], Schedule())) == []


def test_af_11_failed_calibration_is_told_and_an_unjudged_one_is_not() -> None:
    known = [calibration(9, passed=False), calibration(10, passed=True), calibration(11)]
    assert [one.start for one in beyond(known)] == [known[0].start]


def test_af_11_more_than_three_a_day_and_near_ones_are_one() -> None:
    three = [calibration(hour) for hour in (8, 11, 14)]
    near = [calibration(hour + 0.5) for hour in (8, 11, 14)]
    assert list(too_often([*three, *near], USUAL)) == []
    (one,) = too_often([*three, calibration(17)], USUAL)
    assert (one.cause, one.count) == ("repeated", 4)


def level(before: float, after: float) -> Course:
    """Minutes of 10:00 to 14:20, with a calibration from 12:00 to 12:20."""
    minutes = [*range(120), *range(140, 260)]
    points = [Point(T0 + at * 60, before if at < 130 else after) for at in minutes]
    return Course("w01018", points, 60.0, low=0.0, high=100.0)


def test_af_11_other_values_after_a_calibration() -> None:
    one = [calibration(12)]
    (found,) = shifted(level(50.0, 38.0), one, USUAL)
    assert (found.cause, found.figures) == (
        "shift after calibration",
        {"before": 50.0, "after": 38.0},
    )
    assert list(shifted(level(50.0, 42.0), one, USUAL)) == []
    assert list(shifted(level(10.0, 14.0), one, USUAL)) == []  # 4 % of the range is noise
    assert list(shifted(replace(level(50.0, 38.0), high=None), one, USUAL)) == []


def test_af_11_too_little_around_a_calibration_says_nothing() -> None:
    assert list(shifted(level(50.0, 38.0), [calibration(10.3)], USUAL)) == []
    other = replace(calibration(12), factor="w01001")
    assert list(shifted(level(50.0, 38.0), [other], USUAL)) == []
