"""Values against bounds, furnace temperature, tax."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.compliance import (
    Alarm,
    Bound,
    furnace_day,
    judge,
    judge_value,
    monthly_mean,
    relief_open,
)
from agent.marks import Channel, Record
from agent.model import Cause, Kind, MarkKind, MarkState, Period, Statistic
from protocols.hj212.times import parse_wire_time

HOUR = Period(Kind.HOUR, int(parse_wire_time("20260305080000")))
BOUND = Bound("a21026", "hour", high=50)
PH = Bound("w01001", "value", low=6, high=9)


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
    found = judge(hour(62.0), BOUND)
    assert (found.alarm, found.multiple) == (Alarm.OVER, pytest.approx(0.24))
    assert judge(hour(50.0), BOUND).alarm is Alarm.NORMAL


def test_cmp_01_converted_value_is_judged_where_there_is_a_correction() -> None:
    row = hour(30.0, zs=62.0)
    assert judge(row, BOUND, corrected=True).alarm is Alarm.OVER
    assert judge(row, BOUND).alarm is Alarm.NORMAL
    missing = judge(hour(90.0), BOUND, corrected=True)
    assert (missing.alarm, missing.reason) == (None, "涉及因子无效")


def test_cmp_06_invalid_row_is_not_judged() -> None:
    found = judge(hour(90.0, valid=False), BOUND)
    assert found.alarm is None
    assert found.reason


def test_cmp_03_ph_is_judged_on_both_sides() -> None:
    alarms = [judge_value(value, PH).alarm for value in (5.99, 6.0, 9.0, 9.01)]
    assert alarms == [Alarm.OVER, Alarm.NORMAL, Alarm.NORMAL, Alarm.OVER]


def test_cmp_08_alarm_status() -> None:
    assert judge_value(40.0, None).alarm == 9
    assert judge_value(40.0, replace(BOUND, high=None)).alarm == 9
    assert judge_value(400.0, BOUND, plausible=(0, 300)).alarm == 2
    assert judge_value(60.0, BOUND, plausible=(0, 300)).alarm == 1
    assert judge_value(0.0, BOUND, plausible=(0, 300)).alarm == 0


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


def test_cmp_09_monthly_mean_and_relief() -> None:
    rows = [hour(30.0), hour(50.0), hour(99.0, valid=False)]
    assert monthly_mean(rows) == 40.0
    assert relief_open(rows, BOUND)
    assert not relief_open([*rows, hour(50.1)], BOUND)
    assert not relief_open([], BOUND)
    assert monthly_mean([]) is None
