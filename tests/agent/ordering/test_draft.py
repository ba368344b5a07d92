"""The draft of an answer says what the store says: hours over, flags, marks, checks, doors."""

from __future__ import annotations

import sqlite3
from typing import Any

from agent_house import House
from agent_site import COD, HOUR, PH, T0, factor

from agent.marks import Channel, Record
from agent.model import Cause, Kind, MarkKind, MarkState, Period, Statistic
from agent.ordering.draft import MOST_LINES, draft
from agent.ordering.gathering import LONGEST_S, gather
from agent.store import checks, events, marks, statistics
from agent.store.checks import CheckRecord
from agent.substitution import Verdict

HIGH_PH = factor(PH, limits=[{"high": 9, "low": 6, "on": "hour", "source": "表1"}])


def hour(nth: int, code: str, avg: float | None, cause: Cause = Cause.NORMAL) -> Statistic:
    return Statistic(
        outlet="DW001",
        factor=code,
        period=Period(Kind.HOUR, T0 + nth * HOUR),
        avg=avg,
        min=avg,
        max=avg,
        cou=None,
        cause=cause,
        abnormal=cause,
        share=1.0,
        valid=cause is Cause.NORMAL,
        parts=60,
        due=60,
    )


async def stored(house: House, *rows: Statistic) -> None:
    await house.write(lambda connection: statistics.add(connection, rows, names=house.names))


async def written(
    house: House, *, start: int = T0, end: int | None = T0 + 6 * HOUR, outlet: str = "DW001"
) -> str:
    house.clock.at = max(house.clock.at, T0 + 6 * HOUR)
    found = await house.store.read(
        lambda connection: gather(
            connection,
            house.plan,
            house.names,
            station="st1",
            outlet=outlet,
            start=start,
            end=end,
            now=house.clock.now(),
        )
    )
    return draft("12号", found)


async def test_hours_over_the_limit_have_value_standard_and_multiple(house: House) -> None:
    await stored(house, hour(0, COD, 62.0), hour(1, COD, 50.0), hour(2, COD, 75.0))
    text = await written(house)
    assert "2026-06-10 10:00 62 mg/L，标准 50 mg/L，超标 0.24 倍" in text
    assert "2026-06-10 12:00 75 mg/L，标准 50 mg/L，超标 0.50 倍" in text
    assert "小时数据 3 个，超标 2 个" in text
    assert "11:00" not in text, "what equals the limit is not over it"


async def test_value_below_a_lower_bound_has_no_multiple(house_with: Any) -> None:
    house = await house_with(HIGH_PH)
    await stored(house, hour(0, PH, 5.5))
    text = await written(house)
    assert "5.5" in text
    assert "标准 6" in text
    assert "倍" not in text


async def test_hours_with_marks_on_the_wire_are_counted_by_cause(house: House) -> None:
    await stored(
        house,
        hour(0, COD, None, Cause.FAULT),
        hour(1, COD, None, Cause.FAULT),
        hour(2, COD, None, Cause.MAINTENANCE),
    )
    text = await written(house)
    assert "故障（D）2 个、维护（M）1 个" in text
    assert "均未超标" in text


async def test_factor_without_hours_says_so(house: House) -> None:
    assert "化学需氧量：没有小时数据" in await written(house)


async def test_marks_checks_doors_and_bottles_are_listed(house: House) -> None:
    record = Record(
        "DW001",
        (COD,),
        MarkKind.EQUIPMENT,
        "校准",
        T0,
        T0 + 1200,
        channel=Channel.MANUAL,
        state=MarkState.CONFIRMED,
        reason="周校准",
    )
    check = CheckRecord(
        "DW001", COD, "zero", T0, T0 + 600, Verdict.PASS, deviation=1.25, made_at=T0 + 600
    )

    def job(connection: sqlite3.Connection) -> None:
        marks.add(connection, record, by="张三", why="", now=T0)
        checks.add(connection, check)
        events.add(connection, "door", {}, ref="d1", at=T0 + 60, ended_at=T0 + 120, outlet="DW001")
        events.add(connection, "door", {}, ref="d2", at=T0 + 180, outlet="")
        kept = {"bottle": 3, "volume_ml": 500}
        events.add(
            connection,
            "retention",
            kept,
            ref="r",
            at=T0 + 300,
            ended_at=T0 + 300,
            outlet="DW001",
            factor=COD,
        )
        blocked = {"reason": "no_bottle"}
        events.add(
            connection,
            "retention_blocked",
            blocked,
            ref="b",
            at=T0 + 400,
            ended_at=T0 + 400,
            outlet="DW001",
            factor=COD,
        )

    await house.write(job)
    text = await written(house)
    assert "2026-06-10 10:00 至 2026-06-10 10:19 校准（化学需氧量，已确认）：周校准" in text
    assert "零点检查，误差 1.25%：合格" in text
    assert "箱门：2 条" in text
    assert "10:03 至 未结束" in text
    assert "3 号瓶，500 mL" in text
    assert "未留样：no_bottle" in text


async def test_event_of_another_outlet_is_not_in_it(house: House) -> None:
    await house.write(
        lambda connection: events.add(
            connection, "door", {}, ref="d", at=T0 + 60, ended_at=T0 + 70, outlet="DW002"
        )
    )
    assert "箱门：无" in await written(house)


async def test_long_list_is_counted_and_cut(house: House) -> None:
    await stored(house, *(hour(n, COD, 60.0) for n in range(-60, 0)))
    text = await written(house, start=T0 - 60 * HOUR, end=T0)
    assert text.count("超标 0.20 倍") == MOST_LINES
    assert f"另有 {60 - MOST_LINES} 个" in text


async def test_interval_longer_than_a_month_is_cut_and_says_so(house: House) -> None:
    text = await written(house, start=T0 - 2 * LONGEST_S, end=T0)
    assert "只整理最近 31 天" in text


async def test_open_interval_goes_up_to_now(house: House) -> None:
    await stored(house, hour(0, COD, 62.0))
    assert "超标 1 个" in await written(house, end=None)


async def test_person_is_asked_for_cause_and_measures(house: House) -> None:
    text = await written(house)
    assert "原因说明" in text
    assert "处理措施" in text
