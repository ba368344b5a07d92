"""Rows of marks, manual values, fault tickets and checks; each change a line of the journal."""

from __future__ import annotations

import dataclasses
import json
import sqlite3

import pytest
from agent_house import House

from agent.marks import Channel, Record
from agent.model import MarkKind, MarkState
from agent.store import checks, faults, journal, marks, values
from agent.substitution import Verdict

T0 = 1_773_000_000 // 60 * 60
HOUR = 3600
RECORD = Record(
    "DW001", ("w01001", "w01018"), MarkKind.EQUIPMENT, "校准", T0, T0 + 600, reason="周校"
)


async def added(house: House, record: Record = RECORD) -> marks.Kept | None:
    return await house.write(
        lambda one: marks.add(one, record, by="张三", why="周校", now=float(T0 + HOUR))
    )


def lines(house: House) -> list[tuple[str, str, dict[str, object]]]:
    rows = house.rows("SELECT what, who, detail FROM journal ORDER BY seq")
    return [(what, who, json.loads(detail)) for what, who, detail in rows]


async def test_mark_comes_back_as_it_was_given(house: House) -> None:
    kept = await added(house)
    assert kept is not None
    assert kept.record == RECORD
    found = await house.store.read(lambda one: marks.listed(one, "DW001", T0, T0 + HOUR))
    assert found == [kept]


async def test_same_mark_proposed_twice_is_one(house: House) -> None:
    assert await added(house) is not None
    assert await added(house) is None
    other = dataclasses.replace(RECORD, channel=Channel.AUTO)
    assert await added(house, other) is not None


async def test_only_confirmed_marks_are_in_force_factor_by_factor(house: House) -> None:
    kept = await added(house)
    assert kept is not None
    between = lambda one: marks.between(one, T0, T0 + HOUR, outlet="DW001")  # noqa: E731
    assert await house.store.read(between) == []
    await house.write(
        lambda one: marks.decide(
            one, kept.id, MarkState.CONFIRMED, by="李四", why="属实", now=float(T0 + HOUR)
        )
    )
    found = await house.store.read(between)
    assert [one.factor for one in found] == ["w01001", "w01018"]
    assert {(one.start, one.end, one.code) for one in found} == {(T0, T0 + 600, "校准")}


async def test_automatic_marks_are_listed_and_change_no_statistics(house: House) -> None:
    auto = dataclasses.replace(RECORD, channel=Channel.AUTO, state=MarkState.CONFIRMED)
    await added(house, auto)
    assert len(await house.store.read(lambda one: marks.listed(one, "DW001", T0, T0 + HOUR))) == 1
    between = await house.store.read(lambda one: marks.between(one, T0, T0 + HOUR, outlet="DW001"))
    assert between == []


async def test_mark_that_only_ends_where_a_stretch_begins_does_not_touch_it(house: House) -> None:
    await added(house)
    found = await house.store.read(lambda one: marks.listed(one, "DW001", T0 + 600, T0 + HOUR))
    assert found == []


async def test_every_change_is_journalled_with_the_whole_row_and_who(house: House) -> None:
    kept = await added(house)
    assert kept is not None
    await house.write(
        lambda one: marks.decide(
            one, kept.id, MarkState.REFUSED, by="李四", why="不实", now=float(T0 + HOUR)
        )
    )
    await house.write(lambda one: marks.enter(one, kept.id, by="王五", now=float(T0 + HOUR)))
    told = lines(house)[-3:]
    assert [(what, who) for what, who, _ in told] == [
        ("mark proposed", "张三"),
        ("mark refused", "李四"),
        ("mark entered", "王五"),
    ]
    assert told[0][2]["factors"] == ["w01001", "w01018"]
    assert told[1][2]["why"] == "不实"
    assert (told[2][2]["entered_by"], told[2][2]["code"]) == ("王五", "校准")
    assert await house.store.read(journal.broken_at) is None


async def test_unknown_mark_is_a_key_error(house: House) -> None:
    with pytest.raises(KeyError):
        await house.write(
            lambda one: marks.decide(one, 7, MarkState.REFUSED, by="a", why="b", now=0.0)
        )


def exemption(start: int, code: str = "启炉") -> Record:
    return Record(
        "DW001",
        (),
        MarkKind.EXEMPTION,
        code,
        start,
        start + HOUR,
        channel=Channel.AUTO,
        state=MarkState.CONFIRMED,
        facility="MF0001",
    )


async def settled(house: House, *wanted: Record) -> tuple[int, int] | None:
    return await house.write(
        lambda one: marks.settle_exemptions(
            one,
            "DW001",
            wanted,
            codes={"启炉"},
            facility="MF0001",
            start=T0,
            end=T0 + 10 * HOUR,
            now=0.0,
        )
    )


async def test_exemptions_become_those_wanted_and_say_what_changed(house: House) -> None:
    first, second = exemption(T0), exemption(T0 + 4 * HOUR)
    await added(house, exemption(T0 + HOUR, "烘炉"))
    assert await settled(house, first, second) == (T0, T0 + 5 * HOUR)
    assert await settled(house, first, second) is None
    assert await settled(house, first) == (T0 + 4 * HOUR, T0 + 5 * HOUR)
    assert await settled(house, first, second) == (T0 + 4 * HOUR, T0 + 5 * HOUR)
    found = await house.store.read(
        lambda one: marks.between(one, T0, T0 + 99 * HOUR, outlet="DW001")
    )
    assert sorted((one.code, one.start) for one in found) == [
        ("启炉", T0),
        ("启炉", T0 + 4 * HOUR),
        ("烘炉", T0 + HOUR),
    ]


VALUE = values.ManualValue(
    "DW001",
    "w01018",
    "substitute",
    T0,
    T0 + HOUR,
    42.5,
    "mg/L",
    "HJ 828-2017",
    "COD-1",
    made_by="张三",
    made_at=float(T0 + HOUR),
    why="仪器维修",
)


async def test_manual_value_is_stored_once_and_found_by_factor_and_purpose(house: House) -> None:
    number = await house.write(lambda one: values.add(one, VALUE))
    assert number is not None
    assert await house.write(lambda one: values.add(one, VALUE)) is None
    other = dataclasses.replace(VALUE, purpose="comparison")
    assert await house.write(lambda one: values.add(one, other)) is not None

    def look(one: sqlite3.Connection) -> list[tuple[int, values.ManualValue]]:
        return values.between(
            one, T0, T0 + 1, outlet="DW001", factor="w01018", purpose="substitute"
        )

    assert await house.store.read(look) == [(number, VALUE)]
    what, who, detail = lines(house)[-2]
    assert (what, who, detail["value"], detail["method"]) == (
        "manual value",
        "张三",
        42.5,
        "HJ 828-2017",
    )


async def opened(house: House, what: faults.What = "instrument") -> faults.Fault:
    fault = await house.write(
        lambda one: faults.open_ticket(
            one,
            "DW001",
            "cod",
            what=what,
            text="光源",
            opened_at=float(T0),
            by="张三",
            why="报警",
            now=float(T0),
        )
    )
    assert fault is not None
    return fault


async def stepped(house: House, fault: int, name: faults.Step, hours: float) -> faults.Fault:
    at = T0 + hours * HOUR
    return await house.write(
        lambda one: faults.step(one, fault, name, at=at, by="李四", why="处理", now=at)
    )


async def test_qc_04_clocks_run_4_8_and_72_hours(house: House) -> None:
    fault = await opened(house)
    due = {one.step: (one.due_at - T0) / HOUR for one in faults.clocks(fault)}
    assert due == {"on_site": 4, "repaired": 8, "spare": 72}
    late = [one.step for one in faults.clocks(fault) if one.late(T0 + 8 * HOUR)]
    assert late == ["on_site"]


async def test_qc_04_logger_has_12_hours_and_no_spare(house: House) -> None:
    fault = await opened(house, "logger")
    due = {one.step: (one.due_at - T0) / HOUR for one in faults.clocks(fault)}
    assert due == {"on_site": 4, "repaired": 12}


async def test_step_in_time_stays_in_time_and_a_spare_ends_the_clocks(house: House) -> None:
    fault = await opened(house)
    await stepped(house, fault.id, "on_site", 4.0)
    after = await stepped(house, fault.id, "spare", 70.0)
    late = {one.step: one.late(T0 + 999 * HOUR) for one in faults.clocks(after)}
    assert late == {"on_site": False, "repaired": True, "spare": False}


async def test_step_is_noted_once_and_not_before_the_fault(house: House) -> None:
    fault = await opened(house)
    with pytest.raises(ValueError, match="before the fault"):
        await stepped(house, fault.id, "on_site", -1.0)
    await stepped(house, fault.id, "closed", 2.0)
    with pytest.raises(ValueError, match="closed"):
        await stepped(house, fault.id, "on_site", 3.0)
    assert await house.store.read(faults.listed) == []
    told = [what for what, _, _ in lines(house) if what.startswith("fault")]
    assert told == ["fault opened", "fault closed"]


async def test_check_is_kept_once_and_gives_its_verdict(house: House) -> None:
    check = checks.CheckRecord(
        "DW001",
        "w01018",
        "standard",
        T0,
        T0 + 900,
        Verdict.FAIL,
        nominal=100.0,
        reading=88.9,
        deviation=-11.1,
        detail={"gas": ""},
    )
    assert await house.write(lambda one: checks.add(one, check)) is not None
    assert await house.write(lambda one: checks.add(one, check)) is None
    found = await house.store.read(lambda one: checks.between(one, T0, T0 + HOUR, outlet="DW001"))
    assert found == [check]
    assert (found[0].as_check().at, found[0].as_check().verdict) == (T0 + 900, Verdict.FAIL)
