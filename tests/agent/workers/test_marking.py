"""Marks decided on: evidence from rows, contradictions, columns and quotas in the same commit."""

from __future__ import annotations

import dataclasses
import json

import pytest
from agent_house import House
from agent_site import COD, DAY, FLOW, HOUR, PH, T0

from agent import marking
from agent.desk import Desk, MarkError
from agent.marking import Contradicted
from agent.marks import Channel, Record
from agent.model import Cause, MarkKind, MarkState
from agent.store import marks as rows
from agent.store.marks import Kept

START = int(T0)
WHO = {"by": "张三", "why": "检修"}


def desk_job(house: House, job):  # type: ignore[no-untyped-def]
    return house.write(lambda one: job(Desk(one, house.plan, house.names, house.clock.now())))


async def propose(house: House, record: Record) -> Kept:
    kept = await desk_job(house, lambda desk: marking.propose(desk, record, **WHO))
    assert isinstance(kept, Kept)
    return kept


async def confirm(house: House, mark: int, **more: object) -> Kept:
    found = await desk_job(house, lambda desk: marking.confirm(desk, mark, **WHO, **more))
    assert isinstance(found, Kept)
    return found


async def refuse(house: House, mark: int) -> Kept:
    found = await desk_job(house, lambda desk: marking.refuse(desk, mark, **WHO))
    assert isinstance(found, Kept)
    return found


def mark(code: str, first: int, last: int, *factors: str, kind: str = "equipment") -> Record:
    """Give a mark from one minute of the first hour to another, both included."""
    start, end = START + first * 60, START + last * 60 + 60
    return Record("DW001", factors, MarkKind(kind), code, start, end)


async def closed(house: House, *, flow: float = 0.0) -> None:
    """Live three hours of pH 7 and a flow, the first two closed."""
    await house.begin()
    await house.steady(PH, T0, T0 + 3 * HOUR, value=7.0)
    await house.steady(FLOW, T0, T0 + 3 * HOUR, value=flow)
    await house.close_at(T0 + 4 * HOUR)


def column(house: House) -> list[tuple[object, ...]]:
    return house.rows(
        "SELECT col, cause, valid FROM columns WHERE kind = '1h' AND start = ? AND series = ?"
        " ORDER BY col",
        START,
        house.names.series["DW001", PH, "rtd"],
    )


def reported(house: House) -> list[tuple[object, ...]]:
    return house.rows("SELECT * FROM statistics ORDER BY kind, start, series, revision")


async def test_confirmed_mark_makes_the_columns_and_a_refusal_takes_them_back(
    house: House,
) -> None:
    await closed(house)
    before = reported(house)
    kept = await propose(house, mark("校准", 0, 15, PH))
    assert column(house) == []
    await confirm(house, kept.id)
    assert column(house) == [
        ("exemptions", "calibration", 0),
        ("marks", "calibration", 0),
    ]
    await refuse(house, kept.id)
    assert column(house) == []
    assert reported(house) == before


async def test_stop_is_contradicted_by_the_flow_and_nothing_changes(house: House) -> None:
    await closed(house, flow=3.0)
    kept = await propose(house, mark("停运", 0, 59, kind="condition"))
    with pytest.raises(Contradicted) as caught:
        await confirm(house, kept.id)
    (objection,) = caught.value.objections
    assert (objection.rule, objection.count) == ("stopped_flow", 60)
    assert column(house) == []
    assert house.one("SELECT state FROM marks") == "proposed"


async def test_contradicted_stop_can_be_confirmed_and_keeps_its_objection(house: House) -> None:
    await closed(house, flow=3.0)
    kept = await propose(house, mark("停运", 0, 59, kind="condition"))
    after = await confirm(house, kept.id, despite=True)
    assert len(after.record.objections) == 1
    assert ("marks", "stopped", 0) in column(house)
    detail = house.rows("SELECT detail FROM journal WHERE what = 'mark confirmed'")[0][0]
    assert json.loads(detail)["objections"] == list(after.record.objections)


async def test_stop_at_zero_flow_is_proposed_from_evidence_once(house: House) -> None:
    await closed(house)

    def look(desk: Desk) -> list[Kept]:
        return marking.propose_from_evidence(desk, "DW001", START, START + 2 * HOUR, **WHO)

    made = await desk_job(house, look)
    (stop,) = [one for one in made if one.record.code == "停运"]
    assert (stop.record.start, stop.record.end) == (START, START + 2 * HOUR)
    assert stop.record.state is MarkState.PROPOSED
    assert await desk_job(house, look) == []
    await confirm(house, stop.id)


async def test_flags_become_automatic_marks_of_continuous_and_batch_factors(house: House) -> None:
    await house.begin()
    await house.steady(PH, T0, T0 + 600, value=7.0)
    calibrating = [(T0 + n * 10, 7.0, Cause.CALIBRATION) for n in range(60, 120)]
    await house.sampled(PH, calibrating)
    await house.sampled(COD, [(T0 + n * 10, None, Cause.CALIBRATION) for n in range(60)])
    await house.close_at(T0 + 1300)

    def look(desk: Desk) -> list[Kept]:
        return marking.propose_from_evidence(desk, "DW001", START, START + 1200, **WHO)

    made = [one.record for one in await desk_job(house, look)]
    found = {one.factors: one for one in made if one.code == "校准"}
    assert {one: mark.start - START for one, mark in found.items()} == {(PH,): 600, (COD,): 0}
    assert all(one.channel is Channel.AUTO for one in found.values())
    assert all(one.state is MarkState.CONFIRMED for one in found.values())


async def test_mark_that_is_not_over_or_unknown_is_not_confirmed(house: House) -> None:
    await closed(house)
    later = START + 4 * HOUR
    future = dataclasses.replace(mark("校准", 0, 9, PH), start=later - 600, end=later + 3600)
    kept = await propose(house, future)
    with pytest.raises(MarkError, match="not over"):
        await confirm(house, kept.id)
    with pytest.raises(MarkError, match="no such mark"):
        await confirm(house, 99)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (mark("启炉", 0, 9, kind="condition"), "allowed"),
        (mark("校准", 0, 9, "a21026"), "no factor"),
        (mark("校准", 9, 0, PH), "before the first"),
        (dataclasses.replace(mark("校准", 0, 9), outlet="DW009"), "no such outlet"),
        (mark("停运", 0, 9, kind="exemption"), "allowed"),
    ],
)
async def test_proposal_that_makes_no_sense_is_refused(
    house: House, record: Record, said: str
) -> None:
    with pytest.raises(MarkError, match=said):
        await desk_job(house, lambda desk: marking.propose(desk, record, **WHO))


async def test_confirmation_after_the_cut_off_says_so(house: House) -> None:
    await closed(house)
    kept = await propose(house, mark("校准", 0, 9, PH))
    house.clock.go(2 * DAY)
    after = await confirm(house, kept.id)
    assert after.record.objections == (marking.LATE,)


def incineration(site: dict) -> None:  # type: ignore[type-arg]
    """Burn waste at the small site; pH stands where the dust would."""
    site["outlets"][0]["marks"] = {"industry": "incineration", "quota_hours": {"drying": 1}}


async def test_quota_exempts_up_to_its_end_and_warns_at_80_and_100_percent(house_with) -> None:  # type: ignore[no-untyped-def]
    house = await house_with(incineration)
    await closed(house, flow=3.0)
    first = dataclasses.replace(mark("烘炉", 0, 39, kind="condition"), facility="MF0001")
    second = dataclasses.replace(mark("停炉降温", 40, 79, kind="condition"), facility="MF0001")
    await confirm(house, (await propose(house, first)).id)
    assert house.events("quota") == []
    kept = await propose(house, second)
    await confirm(house, kept.id)
    told = [json.loads(detail)["percent"] for _, _, detail in house.events("quota")]
    assert told == [80, 100]

    def exempted() -> list[tuple[int, int]]:
        found = house.rows(
            "SELECT start, end FROM marks WHERE kind = 'exemption' AND state = 'confirmed'"
            " ORDER BY start"
        )
        return [((a - START) // 60, (b - START) // 60) for a, b in found]

    assert exempted() == [(0, 40), (40, 60)]
    assert column(house) == [("exemptions", "stopped", 0), ("marks", "normal", 1)]
    await refuse(house, kept.id)
    assert exempted() == [(0, 40)]
    with pytest.raises(MarkError, match="follows from"):
        number = house.one("SELECT min(id) FROM marks WHERE kind = 'exemption'")
        await refuse(house, number)


async def test_refusal_frees_quota_for_what_came_later_and_its_columns_follow(house_with) -> None:  # type: ignore[no-untyped-def]
    house = await house_with(incineration)
    await closed(house, flow=3.0)
    first = dataclasses.replace(mark("烘炉", 0, 54, kind="condition"), facility="MF0001")
    later = dataclasses.replace(mark("停炉降温", 60, 119, kind="condition"), facility="MF0001")
    kept = await propose(house, first)
    await confirm(house, kept.id)
    await confirm(house, (await propose(house, later)).id)

    def second_hour() -> list[tuple[object, ...]]:
        return house.rows(
            "SELECT cause, valid FROM columns WHERE kind = '1h' AND start = ? AND series = ?"
            " AND col = 'exemptions'",
            START + HOUR,
            house.names.series["DW001", PH, "rtd"],
        )

    assert second_hour() == [("normal", 1)]
    await refuse(house, kept.id)
    assert second_hour() == [("stopped", 0)]


async def test_marks_in_force_are_given_to_the_statistics(house: House) -> None:
    await closed(house)
    kept = await propose(house, mark("故障", 0, 9, PH))
    await confirm(house, kept.id)
    found = await house.store.read(
        lambda one: rows.between(one, START, START + HOUR, outlet="DW001")
    )
    assert [(one.factor, one.code) for one in found] == [(PH, "故障")]
