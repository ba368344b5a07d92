"""Substituted mass out of the store: quarters of gas, months of water, and failed checks."""

from __future__ import annotations

import sqlite3

import pytest
from agent_house import House
from agent_site import COD, DAY, FLOW, HOUR

from agent import marking
from agent.desk import Desk
from agent.marks import Record
from agent.model import Cause, Kind, MarkKind, MarkState, Period, Statistic
from agent.store import checks, columns, marks, statistics, values
from agent.store.checks import CheckRecord
from agent.substituting import Substitution, of_month, of_quarter
from agent.substitution import Verdict
from protocols.hj212.times import parse_wire_time

QUARTER = int(parse_wire_time("20260401000000"))
UNTIL = QUARTER + 100 * HOUR


def row(
    kind: Kind, start: int, mass: float | None, cause: Cause = Cause.NORMAL, factor: str = COD
) -> Statistic:
    valid = cause is Cause.NORMAL
    due = 0 if cause is Cause.STOPPED else 1
    return Statistic(
        "DW001", factor, Period(kind, start), 1.0, 1.0, 1.0, mass, cause, cause, 1.0, valid, 1, due
    )


async def stored(house: House, *rows: Statistic) -> None:
    await house.write(lambda one: statistics.add(one, rows, names=house.names))


async def quarter(house: House) -> Substitution:
    return await house.store.read(
        lambda one: of_quarter(
            one, house.plan.outlets["DW001"], COD, QUARTER, names=house.names, until=UNTIL
        )
    )


async def month(house: House, until: int) -> Substitution:
    return await house.store.read(
        lambda one: of_month(
            one, house.plan.outlets["DW001"], COD, QUARTER, names=house.names, until=until
        )
    )


def hours(
    first: int, last: int, mass: float | None, cause: Cause = Cause.NORMAL
) -> list[Statistic]:
    """Give hours first…last-1 counted from the begin of the quarter."""
    return [row(Kind.HOUR, QUARTER + n * HOUR, mass, cause) for n in range(first, last)]


async def checked(house: House, end: int, verdict: Verdict, kind: checks.Kind = "span") -> None:
    told = CheckRecord("DW001", COD, kind, end - 600, end, verdict)
    await house.write(lambda one: checks.add(one, told))


async def test_lost_hours_get_the_largest_before_and_stops_get_nothing(house: House) -> None:
    await stored(
        house,
        *hours(-200, -100, 4.0),
        *hours(-100, 0, 2.0),
        *hours(0, 40, 1.0),
        *hours(40, 44, None, Cause.FAULT),
        *hours(44, 50, None, Cause.STOPPED),
        *hours(50, 100, 1.0),
    )
    found = await quarter(house)
    assert found.rate == pytest.approx(90 / 94 * 100)
    assert (found.measured, found.substituted) == (90.0, 16.0)
    assert [one.mass for one in found.rows] == [4.0] * 4
    assert found.empty == 0


async def test_hour_without_any_row_is_lost_but_not_before_the_first(house: House) -> None:
    await stored(house, *hours(10, 50, 1.0), *hours(52, 100, 1.0))
    found = await quarter(house)
    assert [(one.start - QUARTER) // HOUR for one in found.rows] == [50, 51]
    assert found.rate == pytest.approx(88 / 90 * 100)


async def test_hour_that_a_mark_took_is_lost_too(house: House) -> None:
    await stored(house, *hours(0, 100, 1.0))

    def put(one: sqlite3.Connection) -> None:
        columns.put(one, "marks", [row(Kind.HOUR, QUARTER + 50 * HOUR, None, Cause.CALIBRATION)],
                    names=house.names)  # fmt: skip

    await house.write(put)
    found = await quarter(house)
    assert [(one.start - QUARTER) // HOUR for one in found.rows] == [50]
    assert (found.measured, found.substituted) == (99.0, 1.0)


async def test_out_of_control_hours_look_back_from_the_last_calibration(house: House) -> None:
    await stored(house, *hours(-100, 0, 3.0), *hours(0, 60, 1.0), *hours(60, 100, 9.0))
    await checked(house, QUARTER, Verdict.PASS)
    await checked(house, QUARTER + 70 * HOUR, Verdict.OUT_OF_CONTROL)
    await checked(house, QUARTER + 75 * HOUR, Verdict.PASS)
    found = await quarter(house)
    assert [(one.start - QUARTER) // HOUR for one in found.rows] == [70, 71, 72, 73, 74]
    assert {one.mass for one in found.rows} == {3.0}
    assert found.measured == 60 * 1.0 + 35 * 9.0


def day(number: int, mass: float | None, cause: Cause = Cause.NORMAL) -> Statistic:
    return row(Kind.DAY, QUARTER + number * DAY, mass, cause)


async def test_t_w29_lost_day_gets_the_largest_of_thirty_days(house: House) -> None:
    await stored(
        house,
        *(day(n, 50.0) for n in range(-40, 0)),
        day(0, 120.0),
        day(1, None, Cause.FAULT),
        day(2, None, Cause.STOPPED),
    )
    await checked(house, QUARTER + DAY, Verdict.PASS, "standard")
    found = await month(house, QUARTER + 3 * DAY)
    assert [(one.start, one.mass) for one in found.rows] == [(QUARTER + DAY, 120.0)]
    assert (found.rate, found.measured) == (None, 120.0)


async def test_manual_values_stand_for_a_day_in_repair(house: House) -> None:
    await stored(
        house,
        *(day(n, 50.0) for n in range(-40, 1)),
        day(1, None, Cause.FAULT),
        row(Kind.DAY, QUARTER + DAY, 1000.0, factor=FLOW),
    )
    start = QUARTER + DAY
    for n in range(4):
        told = values.ManualValue(
            "DW001", COD, "substitute", start + n * 6 * HOUR, start + n * 6 * HOUR + 600, 40.0,
            "mg/L", "HJ 828-2017", "COD-1", made_by="a", why="b",
        )  # fmt: skip
        await house.write(lambda one, told=told: values.add(one, told))  # type: ignore[misc]
    assert (await month(house, start + DAY)).rows[0].mass == 50.0
    fault = Record(
        "DW001", (COD,), MarkKind.EQUIPMENT, "故障", start, start + DAY, state=MarkState.CONFIRMED
    )
    await house.write(lambda one: marks.add(one, fault, by="a", why="b", now=0.0))
    (found,) = (await month(house, start + DAY)).rows
    assert (found.mass, found.reason) == (40.0, "manual values")


async def test_wat_27_failed_check_is_proposed_as_a_mark_over_all_it_casts_doubt_on(
    house: House,
) -> None:
    for hour, verdict in ((8, Verdict.PASS), (32, Verdict.FAIL), (35, Verdict.PASS)):
        await checked(house, QUARTER + hour * HOUR, verdict, "standard")
    start = QUARTER + 24 * HOUR

    def look(one: sqlite3.Connection) -> list[Record]:
        desk = Desk(one, house.plan, house.names, float(UNTIL))
        made = marking.propose_from_evidence(
            desk, "DW001", start, start + 24 * HOUR, by="a", why="b"
        )
        return [kept.record for kept in made if "核查不合格" in "".join(kept.record.evidence)]

    (mark,) = await house.write(look)
    assert (mark.start, mark.end) == (QUARTER + 8 * HOUR, QUARTER + 35 * HOUR)
    assert (mark.code, mark.factors) == ("标样核查", (COD,))
    assert await house.write(look) == []
