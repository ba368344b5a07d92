"""Limit sets by date and source, and the table of the standards."""

from __future__ import annotations

import csv
import datetime
from dataclasses import replace

import pytest

from agent.compliance import Bound, Condition, Rank, bound_in_force, bounds_of, classes, standards
from agent.settings.config import config_directory
from protocols.hj212.times import parse_wire_time

AT = parse_wire_time("20260305080000")
NATIONAL = Bound("w01018", "day", high=60, standard="GB 18918-2002", klass="class 1B")


def test_cmp_07_permit_goes_before_local_and_local_before_national() -> None:
    local = replace(NATIONAL, high=50, rank=Rank.LOCAL)
    permit = replace(NATIONAL, high=80, rank=Rank.PERMIT)
    for bounds in ([NATIONAL, local, permit], [permit, local, NATIONAL]):
        assert bound_in_force(bounds, "w01018", "day", at=AT) is permit
    assert bound_in_force([NATIONAL, local], "w01018", "day", at=AT) is local


def test_cmp_07_the_bound_that_began_last_holds_from_local_midnight() -> None:
    newer = replace(NATIONAL, high=50, since=datetime.date(2026, 3, 5))
    midnight = parse_wire_time("20260305000000")
    assert bound_in_force([NATIONAL, newer], "w01018", "day", at=midnight) is newer
    assert bound_in_force([NATIONAL, newer], "w01018", "day", at=midnight - 1) is NATIONAL


def test_season_limit_ends_with_its_last_day() -> None:
    season = replace(
        NATIONAL, high=40, since=datetime.date(2026, 3, 1), until=datetime.date(2026, 3, 5)
    )
    end = parse_wire_time("20260306000000")
    assert bound_in_force([NATIONAL, season], "w01018", "day", at=end - 1) is season
    assert bound_in_force([NATIONAL, season], "w01018", "day", at=end) is NATIONAL


def test_another_factor_or_averaging_has_no_bound() -> None:
    assert bound_in_force([NATIONAL], "w01018", "hour", at=AT) is None
    assert bound_in_force([NATIONAL], "w21003", "day", at=AT) is None


@pytest.mark.parametrize(
    ("temperature", "high"), [(12.0, 8.0), (12.1, 5.0), (None, 5.0), (3.0, 8.0)]
)
def test_cmp_04_ammonia_of_class_1a_changes_at_12_degrees(
    temperature: float | None, high: float
) -> None:
    bounds = bounds_of("GB 18918-2002", "class 1A")
    found = bound_in_force(bounds, "w21003", "day", at=AT, beside={"w01010": temperature})
    assert found is not None
    assert found.high == high
    assert (found.condition is None) == (high == 5.0)


def test_unknown_neighbour_meets_no_condition() -> None:
    cold = replace(NATIONAL, high=90, condition=Condition("w01010", 12))
    assert bound_in_force([cold], "w01018", "day", at=AT) is None


def test_limits_are_in_wire_units() -> None:
    bounds = bounds_of("GB 8978-1996", "first-category pollutants", point="workshop")
    lead = bound_in_force(bounds, "w20120", "day", at=AT)
    assert lead is not None
    assert lead.high == 1000.0


def test_limits_of_incineration_are_those_of_the_table() -> None:
    day = bounds_of("GB 18485-2014", "furnace, 24 h mean")
    assert {one.factor: one.high for one in day} == {
        "a34013": 20,
        "a21002": 250,
        "a21026": 80,
        "a21024": 50,
        "a21005": 80,
    }
    assert {one.oxygen for one in day} == {11}
    assert {one.averaging for one in day} == {"day"}


def test_ph_is_judged_value_by_value_between_6_and_9() -> None:
    (ph,) = [one for one in bounds_of("GB 8978-1996", "class 1") if one.factor == "w01001"]
    assert (ph.averaging, ph.low, ph.high) == ("value", 6.0, 9.0)


def test_every_row_says_its_source_and_how_sure_it_is() -> None:
    path = config_directory() / "limits.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 250
    assert all(row["standard"] and row["mark"] and (row["low"] or row["high"]) for row in rows)
    assert "GB 13223-2011" in standards()
    assert "natural-gas turbine" in classes("GB 13223-2011")


def test_class_that_is_not_in_the_table_is_an_error() -> None:
    with pytest.raises(KeyError):
        bounds_of("GB 18918-2002", "class 9")
