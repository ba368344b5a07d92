"""Values against bounds, furnace temperature, tax."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.compliance import (
    Alarm,
    furnace_day,
    judge,
    monthly_mean,
    relief_open,
)
from agent.marks import Channel, Record
from agent.model import Cause, Kind, MarkKind, MarkState, Period, Statistic
from agent.rules import Limit
from protocols.hj212.times import parse_wire_time

HOUR = Period(Kind.HOUR, int(parse_wire_time("20260305080000")))
LIMIT = Limit(high=50)


def hour(avg: float | None, *, zs: float | None = None, valid: bool = True) -> Statistic:
    cause = Cause.NORMAL if valid else Cause.CALIBRATION
    return Statistic(
        "DA001",
        "a21026",
        HOUR,
        avg,
        avg,
        avg,
        None,
        cause,
        cause,
        1.0,
        valid,
        60,
        60,
        zs_avg=zs,
    )


def test_cmp_05_62_against_50_is_over_by_0_24_and_50_is_not_over() -> None:
    found = judge(hour(62.0), LIMIT)
    assert (found.alarm, found.multiple) == (Alarm.OVER, pytest.approx(0.24))
    assert judge(hour(50.0), LIMIT).alarm is Alarm.NORMAL


def test_cmp_01_converted_value_is_judged_where_there_is_a_correction() -> None:
    row = hour(30.0, zs=62.0)
    assert judge(row, LIMIT, corrected=True).alarm is Alarm.OVER
    assert judge(row, LIMIT).alarm is Alarm.NORMAL
    missing = judge(hour(90.0), LIMIT, corrected=True)
    assert (missing.alarm, missing.reason) == (None, "涉及因子无效")


def test_cmp_06_invalid_row_is_not_judged() -> None:
    found = judge(hour(90.0, valid=False), LIMIT)
    assert found.alarm is None
    assert found.reason


def test_cmp_08_alarm_status() -> None:
    assert judge(hour(40.0), None).alarm == 9
    assert judge(hour(40.0), replace(LIMIT, high=None)).alarm == 9
    assert judge(hour(60.0), LIMIT).alarm == 1
    assert judge(hour(0.0), LIMIT).alarm == 0


def test_below_a_low_limit_is_over_it_without_a_multiple() -> None:
    found = judge(hour(5.99), Limit(low=6, high=9))
    assert (found.alarm, found.multiple) == (Alarm.OVER, None)


MIDNIGHT = int(parse_wire_time("20260305000000"))


def means(*groups: tuple[int, float | None]) -> list[tuple[int, float | None]]:
    flat = [value for many, value in groups for _ in range(many)]
    return [(MIDNIGHT + n * 300, value) for n, value in enumerate(flat)]


@pytest.mark.parametrize(
    ("cold", "value", "count", "breach"),
    [(5, 849.9, 5, False), (6, 849.9, 6, True), (6, 850.0, 0, False)],
    ids=["T-M2", "T-M3", "T-M4"],
)
def test_furnace_temperature(cold: int, value: float, count: int, breach: bool) -> None:
    found = furnace_day(means((cold, value), (288 - cold, 900.0)))
    assert (len(found.below), found.breach) == (count, breach)


def test_cold_furnace_under_a_confirmed_condition_is_excused() -> None:
    stop = Record("DA001", (), MarkKind.CONDITION, "停炉", MIDNIGHT, MIDNIGHT + 900, Channel.MANUAL)
    confirmed = replace(stop, state=MarkState.CONFIRMED)
    cold = means((6, 800.0), (1, None))
    assert furnace_day(cold, [stop]).breach
    found = furnace_day(cold, [confirmed])
    assert (len(found.below), len(found.excused), found.missing) == (3, 3, 1)


def test_maintenance_of_the_cems_excuses_no_cold_furnace_but_a_thermocouple_fault_does() -> None:
    cems = Record("DA001", (), MarkKind.EQUIPMENT, "校准", MIDNIGHT, MIDNIGHT + 900)
    cems = replace(cems, state=MarkState.CONFIRMED)
    assert len(furnace_day(means((3, 800.0)), [cems]).below) == 3
    assert len(furnace_day(means((3, 800.0)), [replace(cems, code="热电偶故障")]).below) == 0


def test_cmp_09_monthly_mean_is_that_of_the_valid_values() -> None:
    judged = [judge(row, LIMIT) for row in (hour(30.0), hour(50.0), hour(99.0, valid=False))]
    assert monthly_mean(judged) == 40.0
    assert monthly_mean([]) is None


def test_cmp_09_relief_wants_every_valid_value_within_its_limit() -> None:
    within = [judge(row, LIMIT) for row in (hour(30.0), hour(50.0), hour(99.0, valid=False))]
    assert relief_open(within) is True
    assert relief_open([*within, judge(hour(50.1), LIMIT)]) is False
    assert relief_open([*within, judge(hour(1.0), None)]) is None
    assert relief_open([judge(hour(99.0, valid=False), LIMIT)]) is None
    assert relief_open([]) is None
