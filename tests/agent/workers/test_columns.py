"""The columns of a store: they follow the marks, and what was reported never moves."""

from __future__ import annotations

from agent_house import House
from agent_site import COD, HOUR, PH, T0

from agent import columns
from agent.making import make_column
from agent.marks import Record
from agent.model import Cause, Kind, Mark, MarkKind, MarkState, Period
from agent.stats import Column
from agent.store import columns as store
from agent.store import marks as store_marks
from agent.store import statistics

FIRST = Period(Kind.HOUR, int(T0))


def mark(factor: str | None, first: int, last: int, code: str = "故障") -> Mark:
    """Give a mark from one minute of the first hour to another, both included."""
    start = int(T0)
    return Mark(
        "DW001", factor, MarkKind.EQUIPMENT, code, start + first * 60, start + last * 60 + 60
    )


async def closed(house: House) -> None:
    """Live two hours, pH 7 for fifty minutes of the first and 9 for the rest."""
    await house.begin()
    await house.steady(PH, T0, T0 + 3000, value=7.0)
    await house.steady(PH, T0 + 3000, T0 + 2 * HOUR, value=9.0)
    await house.result(T0, 40.0)
    await house.close_at(T0 + 4 * HOUR)


async def remade(house: House, *marks: Mark) -> int:
    return await house.write(
        lambda one: columns.remake(
            one,
            house.plan.outlets["DW001"],
            T0,
            T0 + HOUR,
            marks=marks,
            names=house.names,
        )
    )


async def column(house: House, name: str, factor: str) -> tuple[float | None, bool] | None:
    """Give mean and validity of the first hour in a column; None where it is as reported."""

    def look(one):  # type: ignore[no-untyped-def]
        reported = statistics.of(one, FIRST, outlet="DW001", names=house.names)[factor]
        return store.of(one, name, reported, names=house.names)

    found = await house.store.read(look)
    return None if found is None else (found.avg, found.valid)


async def test_column_follows_its_mark_and_the_reported_one_stays(house: House) -> None:
    await closed(house)
    before = house.rows("SELECT * FROM statistics ORDER BY kind, start, series")
    # the day and the month that hold the hour are not closed yet
    assert await remade(house, mark(PH, 50, 59)) == 1
    assert await column(house, "marks", PH) == (7.0, True)
    assert await column(house, "exemptions", PH) == (7.0, True)
    assert house.rows("SELECT * FROM statistics ORDER BY kind, start, series") == before


async def test_too_long_a_mark_leaves_no_figures(house: House) -> None:
    await closed(house)
    await remade(house, mark(None, 0, 15))
    assert await column(house, "marks", PH) == (None, False)
    assert await column(house, "marks", COD) == (None, False)


async def test_mark_taken_away_leaves_the_column_as_reported(house: House) -> None:
    await closed(house)
    await remade(house, mark(PH, 50, 59))
    await remade(house)
    assert await column(house, "marks", PH) is None
    assert house.one("SELECT count(*) FROM columns") == 0


async def test_day_is_made_of_the_columns_of_its_hours(house: House) -> None:
    await closed(house)
    await house.close_at(T0 + 20 * HOUR)
    day = Period.holding(Kind.DAY, T0)
    rows = await house.store.read(
        lambda one: make_column(
            one,
            house.plan.outlets["DW001"],
            day,
            Column.MARKS,
            marks=[mark(PH, 0, 59)],
            names=house.names,
        )
    )
    (made,) = (row for row in rows if row.factor == PH)
    assert (made.valid, made.avg, made.cause) == (False, None, Cause.POWER)
    assert "1 of 24 normal" in made.reason


async def test_exemption_acts_in_the_third_column_alone(house: House) -> None:
    await closed(house)
    exempt = Mark("DW001", PH, MarkKind.EXEMPTION, "启炉", int(T0) + 3000, int(T0) + 3600)
    await remade(house, exempt)
    reported = house.statistics("1h", PH)[0][2]
    assert await column(house, "marks", PH) == (reported, True)
    assert await column(house, "exemptions", PH) == (7.0, True)


async def test_period_that_is_marked_when_it_closes_has_its_columns_at_once(house: House) -> None:
    record = Record(
        "DW001",
        (PH,),
        MarkKind.EQUIPMENT,
        "校准",
        int(T0) + 3000,
        int(T0) + 3600,
        state=MarkState.CONFIRMED,
        reason="测试",
    )
    await house.write(
        lambda one: store_marks.add(one, record, by="张三", why="校准", now=house.clock.now())
    )
    await closed(house)
    assert await column(house, "marks", PH) == (7.0, True)
    # of the three hours closed by then one is marked, in two columns and with every factor
    assert house.one("SELECT count(*) FROM columns WHERE start <> ?", int(T0)) == 0
