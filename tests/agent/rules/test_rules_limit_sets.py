"""Limits by rank, season and water temperature (CMP-04, CMP-07)."""

from __future__ import annotations

import datetime

from agent.rules import Limit, in_force
from protocols.hj212.times import parse_wire_time

AT = parse_wire_time("20260305080000")
NATIONAL = Limit(high=60, on="day")
LOCAL = Limit(high=50, on="day", rank="local")
PERMIT = Limit(high=80, on="day", rank="permit")


def test_cmp_07_permit_before_local_before_national_whatever_began_last() -> None:
    newer = Limit(high=40, on="day", since=datetime.date(2026, 3, 1))
    assert in_force([newer, LOCAL, PERMIT], "day", at=AT) is PERMIT
    assert in_force([newer, LOCAL, NATIONAL], "day", at=AT) is LOCAL
    assert in_force([NATIONAL, newer], "day", at=AT) is newer


def test_season_limit_ends_after_its_last_day() -> None:
    season = Limit(high=40, on="day", rank="permit", until=datetime.date(2026, 3, 5))
    end = parse_wire_time("20260306000000")
    assert in_force([NATIONAL, season], "day", at=end - 1) is season
    assert in_force([NATIONAL, season], "day", at=end) is NATIONAL


def test_cmp_04_cold_water_has_its_own_limit_and_unknown_water_is_not_cold() -> None:
    cold = Limit(high=8, on="day", colder=12)
    plain = Limit(high=5, on="day")
    for temperature, limit in ((12.0, cold), (12.1, plain), (None, plain)):
        assert in_force([plain, cold], "day", at=AT, temperature=temperature) is limit


def test_limit_of_a_day_is_none_of_an_hour() -> None:
    assert in_force([NATIONAL], "hour", at=AT) is None
