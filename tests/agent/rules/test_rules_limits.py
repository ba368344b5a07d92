"""Limits (CMP-05, CMP-07, WAT-23)."""

import datetime
import math

import pytest

from agent.rules import Limit, bound_broken, exceeds, in_force, multiple_over
from protocols.hj212.times import parse_wire_time

COD = Limit(high=50.0)
PH = Limit(low=6.0, high=9.0, on="measurement")


def test_cmp_05_over_is_greater_and_not_equal() -> None:
    assert not exceeds(COD, 50.0)
    assert exceeds(COD, math.nextafter(50.0, 51.0))
    assert exceeds(COD, 62.0)


def test_cmp_05_sixty_two_against_fifty_is_over_by_024() -> None:
    assert multiple_over(COD, 62.0) == pytest.approx(0.24)


def test_multiple_needs_an_upper_limit_that_is_broken() -> None:
    assert multiple_over(COD, 50.0) is None
    assert multiple_over(PH, 5.0) is None
    assert multiple_over(Limit(high=0.0), 1.0) is None


@pytest.mark.parametrize(
    ("value", "bound"), [(5.99, 6.0), (6.0, None), (7.5, None), (9.0, None), (9.01, 9.0)]
)
def test_wat_23_ph_is_judged_on_both_sides(value, bound) -> None:
    assert bound_broken(PH, value) == bound
    assert exceeds(PH, value) == (bound is not None)


def test_limit_without_bounds_is_never_broken() -> None:
    assert not exceeds(Limit(), 1e9)


OLD = Limit(high=100.0)
NEW = Limit(high=50.0, since=datetime.date(2026, 3, 1))
LATER = Limit(high=30.0, since=datetime.date(2026, 7, 1))


@pytest.mark.parametrize(
    ("at", "limit"),
    [
        ("20260228235959", OLD),
        ("20260301000000", NEW),
        ("20260630235959", NEW),
        ("20260701000000", LATER),
    ],
)
def test_cmp_07_limit_holds_from_local_midnight_of_its_day(at, limit) -> None:
    assert in_force([LATER, OLD, NEW], "hour", at=parse_wire_time(at)) is limit


def test_limit_for_hours_is_not_one_for_measurements() -> None:
    assert in_force([OLD, PH], "measurement", at=0.0) is PH
    assert in_force([OLD], "measurement", at=0.0) is None
    assert in_force([LATER], "hour", at=0.0) is None


def test_first_listed_of_one_day_holds() -> None:
    twin = Limit(high=40.0, since=NEW.since)
    at = parse_wire_time("20260401000000")
    assert in_force([NEW, twin], "hour", at=at) is NEW
    assert in_force([twin, NEW], "hour", at=at) is twin
