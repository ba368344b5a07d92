"""Substituted mass as rows: at the closing of days, revised, never in the reported rows."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, HOUR

from agent.lostmass import CAPTURE, Term, substitute_lost, terms
from agent.model import Cause, Kind, Period, Statistic
from agent.store import checks, columns, cursors, statistics
from agent.store.checks import CheckRecord
from agent.substitution import Verdict
from protocols.hj212.times import parse_wire_time

Builder = Callable[..., Awaitable[House]]
QUARTER = int(parse_wire_time("20260401000000"))
NEXT = int(parse_wire_time("20260701000000"))
SO2 = "a21026"


def stack(site: dict[str, Any]) -> None:
    devices = site["devices"]
    cems = {"id": "cems", "profile": "gas/fpi-cems2000", "bus": "net1", "address": 1}
    devices[:] = [cems, {**cems, "id": "flow", "profile": "flow/krohne-ifc050", "address": 3}]
    site["samplers"] = []
    site["outlets"] = [{
        "id": "DW001", "medium": "gas",
        "factors": {SO2: {"device": "cems"}, "a00000": {"device": "flow", "point": "w00000"}},
    }]  # fmt: skip


def row(
    kind: Kind, start: int, mass: float | None, code: str, cause: Cause = Cause.NORMAL
) -> Statistic:
    valid = cause is Cause.NORMAL
    return Statistic(
        "DW001", code, Period(kind, start), 7.0, 7.0, 7.0, mass, cause, cause, 1.0, valid, 1, 1
    )


async def hours(house: House, first: int, last: int, mass: float | None) -> None:
    """Store hours first…last-1 counted from the begin of the quarter."""
    cause = Cause.NORMAL if mass is not None else Cause.FAULT
    found = [row(Kind.HOUR, QUARTER + n * HOUR, mass, SO2, cause) for n in range(first, last)]
    await house.write(lambda one: statistics.add(one, found, names=house.names))


async def closed(house: House, until: int) -> int:
    """Let the days up to an instant be closed, and the hour's work be done."""
    await house.write(lambda one: cursors.put(one, "1d/DW001", until))
    house.clock.go(until + HOUR - house.clock.now())
    return await substitute_lost(house.plan, house.store, house.clock)


def rows(house: House) -> list[tuple[Any, ...]]:
    found = house.rows(
        "SELECT kind, start, revision, mass FROM substitutes ORDER BY start, revision"
    )
    return [(kind, (start - QUARTER) // HOUR, *rest) for kind, start, *rest in found]


async def test_lost_hours_of_gas_get_rows_beside_the_reported_ones(house_with: Builder) -> None:
    house = await house_with(stack)
    await hours(house, 0, 20, 2.0)
    await hours(house, 20, 22, None)
    await hours(house, 22, 24, 1.0)
    before = house.rows("SELECT * FROM statistics ORDER BY start")
    assert await closed(house, QUARTER + DAY) == 2
    assert rows(house) == [("1h", 20, 0, 2.0), ("1h", 21, 0, 2.0)]
    assert house.rows("SELECT * FROM statistics ORDER BY start") == before
    (text,) = [
        t for (t,) in house.rows("SELECT detail FROM journal WHERE what = 'mass substituted'")
    ]
    detail = json.loads(text)
    assert (detail["measured"], detail["substituted"], detail["periods"]) == (42.0, 4.0, 2)


async def test_day_is_reckoned_once(house_with: Builder) -> None:
    house = await house_with(stack)
    await hours(house, 0, 22, 2.0)
    await hours(house, 22, 24, None)
    assert await closed(house, QUARTER + DAY) == 2
    assert await substitute_lost(house.plan, house.store, house.clock) == 0
    assert await closed(house, QUARTER + DAY) == 0


async def test_later_day_makes_revisions_only_where_the_mass_is_another(
    house_with: Builder,
) -> None:
    house = await house_with(stack)
    await hours(house, 0, 22, 2.0)
    await hours(house, 22, 24, None)
    await closed(house, QUARTER + DAY)
    await hours(house, 24, 48, 3.0)
    assert await closed(house, QUARTER + 2 * DAY) == 0, "the rate moved, the mass did not"
    await hours(house, 48, 72, None)
    assert await closed(house, QUARTER + 3 * DAY) == 26
    assert [one for one in rows(house) if one[1] in (22, 48)] == [
        ("1h", 22, 0, 2.0),
        ("1h", 22, 1, None),
        ("1h", 48, 0, None),
    ], "below 75 % nothing is substituted"


async def test_hour_that_is_lost_no_more_gets_a_revision_that_says_so(house_with: Builder) -> None:
    house = await house_with(stack)
    await hours(house, 0, 24, 2.0)
    at = QUARTER + 5 * HOUR
    marked = row(Kind.HOUR, at, None, SO2, Cause.CALIBRATION)
    await house.write(lambda one: columns.put(one, "marks", [marked], names=house.names))
    await closed(house, QUARTER + DAY)
    assert rows(house) == [("1h", 5, 0, 2.0)]
    await house.write(lambda one: one.execute("DELETE FROM columns"))
    await hours(house, 24, 48, 2.0)
    await closed(house, QUARTER + 2 * DAY)
    assert rows(house) == [("1h", 5, 0, 2.0), ("1h", 5, 1, None)]
    assert house.one("SELECT reason FROM substitutes WHERE revision = 1") == ""


async def test_quarter_that_caught_too_little_is_told_when_it_is_over(house_with: Builder) -> None:
    house = await house_with(stack)
    count = (NEXT - QUARTER) // HOUR
    await hours(house, 0, count // 2, 2.0)
    await hours(house, count // 2, count, None)
    await closed(house, NEXT - DAY)
    assert house.events(CAPTURE) == []
    await closed(house, NEXT)
    await closed(house, NEXT + DAY)
    ((at, _, text),) = house.events(CAPTURE)
    assert at == NEXT
    assert json.loads(text)["rate"] == pytest.approx(50.0, abs=0.1)


async def test_lost_day_of_water_gets_a_row(house: House) -> None:
    found = [row(Kind.DAY, QUARTER + n * DAY, 100.0 + n, COD) for n in range(3)]
    found.append(row(Kind.DAY, QUARTER + 3 * DAY, None, COD, Cause.FAULT))
    await house.write(lambda one: statistics.add(one, found, names=house.names))
    passed = CheckRecord("DW001", COD, "standard", QUARTER, QUARTER + 2 * DAY, Verdict.PASS)
    await house.write(lambda one: checks.add(one, passed))
    await closed(house, QUARTER + 4 * DAY)
    assert rows(house) == [("1d", 72, 0, 101.0)]


def test_terms_are_those_a_late_mark_may_still_change() -> None:
    may, june, july = (int(parse_wire_time(f"20260{month}01000000")) for month in (5, 6, 7))
    assert list(terms(False, june + 4 * DAY, june + 5 * DAY)) == [
        Term(may, june, False),
        Term(june, july, False),
    ]
    assert list(terms(False, june + 14 * DAY, june + 15 * DAY)) == [Term(june, july, False)]
    assert list(terms(False, june, july)) == [Term(may, june, False), Term(june, july, False)]
    assert [one.start for one in terms(True, NEXT - DAY, NEXT)] == [QUARTER]
    assert [one.start for one in terms(True, NEXT, NEXT + DAY)] == [QUARTER, NEXT]
    assert len(list(terms(False, 0, july))) == 8, "an absence of years is not made up for"
