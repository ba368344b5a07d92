"""The rates of an outlet-day out of the store: immediate, and completed after marks."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from agent_house import House
from agent_site import COD, DAY, FLOW, HOUR, PH, T0

from agent.marks import Record
from agent.model import Cause, Kind, MarkKind, MarkState, Period, Statistic
from agent.rating import DayRates, rates_of_day
from agent.store import checks, marks, statistics
from agent.store.checks import CheckRecord
from agent.substitution import Verdict

TODAY = Period.holding(Kind.DAY, T0)


def hour(number: int, cause: Cause = Cause.NORMAL, *, code: str = COD) -> Statistic:
    valid = cause is Cause.NORMAL
    value = 1.0 if valid else None
    period = Period(Kind.HOUR, TODAY.start + number * HOUR)
    return Statistic(
        "DW001", code, period, value, value, value, None, cause, cause, 1.0, valid, 1, 1
    )


async def stored(house: House, rows: list[Statistic], *, sent: int = 24) -> None:
    def put(one: sqlite3.Connection) -> None:
        statistics.add(one, rows, names=house.names)
        for n in range(sent):
            one.execute(
                "INSERT INTO deliveries VALUES ('st1', '2061', ?, '32', 0, 'accepted')",
                (TODAY.start + n * HOUR,),
            )

    await house.write(put)


async def rated(house: House) -> DayRates:
    return await house.store.read(
        lambda one: rates_of_day(
            one,
            house.plan.outlets["DW001"],
            house.plan.stations["st1"],
            TODAY,
            names=house.names,
        )
    )


async def test_t_8_one_hour_of_standard_check_costs_nothing(house: House) -> None:
    rows = [hour(n) for n in range(23)] + [hour(23, Cause.CALIBRATION)]
    await stored(house, rows)
    before = await rated(house)
    assert before.immediate.effective == pytest.approx(23 / 24 * 23 / 24 * 100)
    end = TODAY.start + 23 * HOUR + 900
    told = CheckRecord("DW001", COD, "standard", end - 600, end, Verdict.PASS)
    await house.write(lambda one: checks.add(one, told))
    found = await rated(house)
    assert (found.immediate.effective, found.immediate.excused) == (100.0, 1)


async def test_what_no_platform_took_was_not_transmitted(house: House) -> None:
    await stored(house, [hour(n) for n in range(24)], sent=22)
    found = await rated(house)
    assert found.immediate.transmission == pytest.approx(22 / 24 * 100)
    assert found.immediate.validity == 100.0


async def test_group_is_valid_when_every_factor_is(house: House) -> None:
    rows = [hour(n) for n in range(24)] + [hour(n, code=PH) for n in range(23)]
    await stored(house, [*rows, hour(23, Cause.FAULT, code=PH)])
    found = await rated(house)
    assert (found.immediate.valid_groups, found.immediate.due_groups) == (23, 24)
    assert (found.immediate.received_values, found.immediate.due_values) == (47, 48)


async def test_wat_24_hour_of_measured_zero_flow_owes_nothing_but_the_flow(house: House) -> None:
    rows = [hour(n) for n in range(20)]
    rows += [replace(hour(20), valid=False), hour(21, Cause.STOPPED), hour(22, Cause.FAULT)]
    dry = [replace(hour(n, code=FLOW), avg=0.0) for n in (20, 21)]
    unknown = replace(hour(22, Cause.FAULT, code=FLOW), avg=0.0)
    await stored(house, [*rows, *dry, unknown])
    found = (await rated(house)).immediate
    assert (found.due_groups, found.valid_groups) == (23, 22)
    assert (found.due_values, found.received_values) == (24, 23)


async def test_mark_09_confirmed_stop_leaves_the_completed_rate_only(house: House) -> None:
    rows = [hour(n) for n in range(20)] + [hour(n, Cause.STOPPED) for n in range(20, 24)]
    await stored(house, rows)
    stop = Record(
        "DW001",
        (),
        MarkKind.CONDITION,
        "停运",
        TODAY.start + 20 * HOUR,
        TODAY.start + DAY,
        state=MarkState.CONFIRMED,
    )
    await house.write(lambda one: marks.add(one, stop, by="a", why="b", now=0.0))
    found = await rated(house)
    assert found.immediate.validity == pytest.approx(20 / 24 * 100)
    assert (found.completed.effective, found.completed.excused) == (100.0, 4)
