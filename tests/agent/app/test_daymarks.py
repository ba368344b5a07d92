"""The nightly look at marks: each day once, absences caught up with, quotas reckoned anew."""

from __future__ import annotations

from agent_house import House
from agent_site import DAY, FLOW, HOUR, PH, T0

from agent import marking
from agent.daymarks import DAYS, look_at_days
from agent.desk import Desk
from agent.marks import Record
from agent.model import Cause, Kind, MarkKind, Period

TODAY = Period.holding(Kind.DAY, T0).start


async def night(house: House) -> int:
    return await look_at_days(house.plan, house.store, house.clock)


async def lived(house: House, *, cause: Cause = Cause.CALIBRATION) -> None:
    """Live two hours with a flow, ten minutes of it in that cause, and close them."""
    await house.begin()
    await house.steady(FLOW, T0, T0 + 2 * HOUR, value=3.0)
    await house.sampled(PH, [(T0 + n * 10, 7.0, cause) for n in range(60)])
    await house.steady(PH, T0 + 600, T0 + 2 * HOUR)
    await house.close_at(TODAY + DAY + 3 * HOUR)


async def test_flags_of_the_day_before_become_marks_once(house: House) -> None:
    await lived(house)
    assert await night(house) == 1
    found = house.rows("SELECT code, start, end, made_by FROM marks WHERE code = '校准'")
    assert found == [("校准", int(T0), int(T0) + 600, "agent")]
    assert await night(house) == 0
    house.clock.go(DAY)
    assert await night(house) == 1
    assert len(house.rows("SELECT id FROM marks WHERE code = '校准'")) == 1


async def test_days_of_absence_are_caught_up_with_up_to_a_bound(house: House) -> None:
    await night(house)
    house.clock.go(3 * DAY)
    assert await night(house) == 3
    house.clock.go(100 * DAY)
    assert await night(house) == DAYS


async def test_automatic_marks_change_no_column(house: House) -> None:
    await lived(house)
    before = house.rows("SELECT * FROM columns")
    await night(house)
    assert house.rows("SELECT * FROM columns") == before == []


async def test_condition_whose_hours_were_not_closed_yet_becomes_exempt_at_night(
    house_with,  # type: ignore[no-untyped-def]
) -> None:
    def burning(site: dict) -> None:  # type: ignore[type-arg]
        site["outlets"][0]["marks"] = {"industry": "incineration"}

    house = await house_with(burning)
    await house.begin()
    house.clock.go(HOUR)
    record = Record("DW001", (), MarkKind.CONDITION, "烘炉", int(T0), int(T0) + 600)

    def confirm(one):  # type: ignore[no-untyped-def]
        desk = Desk(one, house.plan, house.names, house.clock.now())
        kept = marking.propose(desk, record, by="a", why="b")
        return marking.confirm(desk, kept.id, by="a", why="b")

    await house.write(confirm)
    await house.write(
        lambda one: one.execute("UPDATE marks SET state = 'refused' WHERE kind = 'exemption'")
    )
    house.clock.go(DAY)
    await night(house)
    assert house.rows("SELECT state FROM marks WHERE kind = 'exemption'") == [("confirmed",)]
