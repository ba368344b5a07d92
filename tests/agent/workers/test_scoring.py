"""Deductions out of the store, one statement a day, what an agency says."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, HOUR, PH, T0, destination, factor
from pydantic import ValidationError

from agent import agency
from agent.agency import AgencyOrder
from agent.marks import Record
from agent.model import Cause, Kind, MarkKind, MarkState, Period, Statistic
from agent.plan import Plan
from agent.scoring import detail, score_outlets, shown
from agent.store import checks, columns, events, marks, statistics
from agent.store.checks import CheckRecord
from agent.substitution import Verdict

MIDNIGHT = Period.holding(Kind.DAY, T0).start
HOURLY = factor(PH, limits=[{"high": 9, "low": 6, "on": "hour"}])


def row(
    start: int, value: float, *, kind: Kind = Kind.HOUR, code: str = PH, ok: bool = True
) -> Statistic:
    return Statistic(
        "DW001", code, Period(kind, start), value, value, value, None,
        cause=Cause.NORMAL if ok else Cause.FAULT, abnormal=Cause.NORMAL,
        share=1.0, valid=ok, parts=60, due=60,
    )  # fmt: skip


async def stored(house: House, *rows: Statistic) -> None:
    await house.write(lambda at: statistics.add(at, rows, names=house.names))


async def night(house: House, days: int = 1) -> int:
    """Let the night come in which the day of T0, and so many more, are over."""
    house.clock.go(MIDNIGHT + days * DAY + 3 * HOUR - house.clock.now())
    return await score_outlets(house.plan, house.store, house.clock)


def taken(house: House) -> list[tuple[str, float, list[int]]]:
    found = house.rows(
        "SELECT kind, points, events FROM deductions WHERE voided_at IS NULL ORDER BY at, id"
    )
    return [(kind, points, json.loads(events)) for kind, points, events in found]


async def points(house: House) -> float:
    now = house.clock.now()
    return (await house.store.read(lambda at: detail(at, "DW001", now)))["points"]


async def told(house: House, kind: str, detail: dict[str, Any], **more: Any) -> int:
    number = await house.write(
        lambda at: events.add(
            at, kind, detail, ref=f"{kind}{more}{detail}", at=more.pop("at", T0),
            outlet="DW001", factor=more.pop("factor", ""), ended_at=more.pop("ended_at", T0),
        )
    )  # fmt: skip
    assert number is not None
    return number


async def test_valid_hours_over_their_limit_cost_a_point_each(house_with: Any) -> None:
    house: House = await house_with(HOURLY)
    number = await told(house, "exceedance", {}, factor=PH, ended_at=T0 + 3 * HOUR)
    await stored(house, row(int(T0), 9.5), row(int(T0) + HOUR, 9.2), row(int(T0) + 2 * HOUR, 9.0))
    await stored(house, row(int(T0) + 3 * HOUR, 12.0, ok=False))
    assert await night(house) == 2
    assert taken(house) == [("over_hour", 1.0, [number]), ("over_hour", 1.0, [number])]
    assert await points(house) == 98


async def test_same_night_twice_costs_once_and_states_once(house_with: Any) -> None:
    house: House = await house_with(HOURLY)
    await stored(house, row(int(T0), 9.5))
    assert await night(house) == 1
    assert await night(house) == 0
    assert len(house.events("score_statement")) == 1
    assert await points(house) == 99


async def test_fact_without_event_gets_one_of_its_own(house_with: Any) -> None:
    house: House = await house_with(HOURLY)
    await stored(house, row(int(T0), 5.5))
    await night(house)
    ((_, _, text),) = house.events("score_fact")
    assert json.loads(text) == {"deduction": "over_hour", "text": "w01001 5.5"}
    ((kind, _, ids),) = taken(house)
    assert (kind, ids) == (
        "over_hour", [house.one("SELECT id FROM events WHERE kind = 'score_fact'")],
    )  # fmt: skip


async def test_day_over_its_limit_costs_four_and_a_measurement_is_the_hour_of_a_batch(
    house_with: Any,
) -> None:
    house: House = await house_with(
        factor(COD, limits=[{"high": 50, "on": "measurement"}, {"high": 40, "on": "day"}])
    )
    await stored(house, row(int(T0), 51.0, code=COD), row(MIDNIGHT, 41.0, kind=Kind.DAY, code=COD))
    await night(house)
    assert sorted(kind for kind, _, _ in taken(house)) == ["over_day", "over_hour"]
    assert await points(house) == 95


async def test_exemption_that_comes_later_takes_the_deduction_back(house_with: Any) -> None:
    house: House = await house_with(HOURLY)
    over = row(int(T0), 9.5)
    await stored(house, over)
    await night(house)
    assert await points(house) == 99
    excused = row(int(T0), 9.5, ok=False)
    await house.write(lambda at: columns.put(at, "exemptions", [excused], names=house.names))
    await night(house, 2)
    assert taken(house) == []
    assert await points(house) == 100
    assert house.one("SELECT void_why FROM deductions") == "no longer so"
    await house.write(
        lambda at: columns.drop(at, "exemptions", over.period, outlet="DW001", names=house.names)
    )
    await night(house, 3)
    assert await points(house) == 99


async def test_parameters_changed_at_once_without_mark_cost_once(house: House) -> None:
    change = {"device": "ph", "maintenance": None, "door": "open"}
    first = await told(house, "parameter", {**change, "parameter": "slope"})
    second = await told(house, "parameter", {**change, "parameter": "zero"})
    await told(house, "parameter", {**change, "maintenance": "maintenance"}, at=T0 + 60)
    await night(house)
    assert taken(house) == [("parameter_unmarked", 8.0, [first, second])]


async def test_mark_that_a_person_confirms_later_excuses_a_change(house: House) -> None:
    await told(house, "parameter", {"device": "ph", "maintenance": None, "parameter": "slope"})
    await night(house)
    assert await points(house) == 92
    mark = Record(
        "DW001", (), MarkKind.EQUIPMENT, "校准", int(T0) - 600, int(T0) + 600,
        state=MarkState.CONFIRMED,
    )  # fmt: skip
    await house.write(lambda at: marks.add(at, mark, by="张三", why="周校准", now=T0))
    await night(house, 2)
    assert await points(house) == 100


async def test_three_days_out_of_control_cost_points(house: House) -> None:
    def failed(at: sqlite3.Connection) -> None:
        found = CheckRecord("DW001", COD, "standard", int(T0), int(T0) + 600, Verdict.FAIL)
        checks.add(at, found)

    await house.write(failed)
    await night(house, 3)
    assert taken(house) == []
    await night(house, 4)
    assert [kind for kind, _, _ in taken(house)] == ["uncontrolled"]


async def test_instrument_that_is_in_control_again_within_three_days_costs_nothing(
    house: House,
) -> None:
    def passed(at: sqlite3.Connection) -> None:
        for day, verdict in ((0, Verdict.FAIL), (2, Verdict.PASS)):
            when = int(T0) + day * DAY
            checks.add(at, CheckRecord("DW001", COD, "standard", when, when + 600, verdict))

    await house.write(passed)
    await night(house, 6)
    assert taken(house) == []


async def test_contradicted_stop_costs_once_a_day_whatever_told_of_it(house: House) -> None:
    both = [
        await told(
            house, "falsification", {"rule": rule, "cause": "stop", "times": times}, ended_at=None
        )
        for rule, times in (("AF-16", [T0, T0 + HOUR]), ("AF-19", [T0 + 60, T0 + DAY]))
    ]
    await night(house, 2)
    assert taken(house) == [
        ("stop_contradicted", 8.0, both), ("stop_contradicted", 8.0, [both[1]]),
    ]  # fmt: skip


async def test_contradicted_stop_stays_when_its_case_has_forgotten_the_day(house: House) -> None:
    case = {"rule": "AF-19", "cause": "stop", "times": [T0]}
    number = await told(house, "falsification", case, ended_at=None)
    await night(house)
    later = {**case, "times": [T0 + DAY]}
    await house.write(lambda at: events.update(at, number, later))
    await night(house, 2)
    assert await points(house) == 84


async def test_statement_goes_out_only_where_it_is_asked_for(house_with: Any) -> None:
    house: House = await house_with(HOURLY, destination(events=["score"]))
    await stored(house, row(int(T0), 9.5))
    await night(house)
    bodies = [json.loads(text) for (text,) in house.rows("SELECT body FROM outbox")]
    assert [one["kind"] for one in bodies] == ["score_fact", "score_statement"]
    said = bodies[1]["detail"]
    assert (said["points"], said["count"], said["sums"]) == (
        99, 1, {"over_hour": {"count": 1, "points": 1}},
    )  # fmt: skip
    assert said["deductions"][0]["events"]


async def test_nobody_hears_a_statement_unasked(house: House) -> None:
    await night(house)
    assert len(house.events("score_statement")) == 1
    assert house.rows("SELECT * FROM outbox") == []


async def order(house: House, ref: str = "o1", **body: Any) -> str | None:
    said = AgencyOrder(**{"outlet": "DW001", **body})
    now = house.clock.now()
    return await house.write(lambda at: agency.take(at, said, ref=ref, station="st1", now=now))


SUSPENSION = {"kind": "suspension", "text": "责令停产整治"}


async def test_agency_suspends_three_times_and_five_times_more(house: House) -> None:
    assert await order(house, deductions=[SUSPENSION] * 3) is None
    assert await points(house) == 28
    for number in range(5):
        assert await order(house, f"more{number}", deductions=[SUSPENSION]) is None
    assert await points(house) == -92
    event = house.one("SELECT id FROM events WHERE kind = 'score_agency' ORDER BY id LIMIT 1")
    assert taken(house)[0] == ("suspension", 24.0, [event])


async def test_same_order_twice_is_one(house: House) -> None:
    for _ in range(2):
        assert await order(house, deductions=[SUSPENSION], risk="high") is None
    assert await points(house) == 76
    assert house.one("SELECT count(*) FROM journal WHERE what = 'event score_agency'") == 1


async def test_agency_names_class_and_labels_and_takes_them_off(house: House) -> None:
    await order(house, risk="medium", labels={"所属流域": ["小清河"], "监管级别": ["重点", "省控"]})
    await order(house, "o2", risk="high", labels={"监管级别": []})
    (stands,) = await house.store.read(lambda at: list(shown(at, house.plan, house.clock.now())))
    assert (stands["risk"], stands["labels"]) == (["high"], {"所属流域": ["小清河"]})


async def test_agency_takes_a_deduction_back(house: House) -> None:
    await order(house, deductions=[{"points": 3, "text": "巡查"}])
    assert await points(house) == 97
    assert await order(house, "o2", withdraws=["o1"]) is None
    assert await points(house) == 100
    assert "nothing to take back" in str(await order(house, "o3", withdraws=["o9"]))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"outlet": "DW009"}, "no such outlet"),
        ({"deductions": [{"text": "?"}]}, "without points"),
        ({"deductions": [{**SUSPENSION, "at": T0 + DAY}]}, "of the future"),
    ],
)
async def test_order_that_cannot_be_done_changes_nothing(
    house: House, body: dict[str, Any], why: str
) -> None:
    assert why in str(await order(house, **body))
    assert house.rows("SELECT * FROM events") == []


def test_family_that_is_none_of_the_eight_is_refused_at_the_edge() -> None:
    with pytest.raises(ValidationError):
        AgencyOrder(outlet="DW001", labels={"颜色": ("绿",)})  # type: ignore[dict-item]


@dataclass(frozen=True)
class Asked:
    plan: Plan
    station: str = "st1"
    ref: str = "o1"
    now: float = T0


async def test_suspension_costs_what_the_site_file_says(house_with: Any) -> None:
    def dear(site: dict[str, Any]) -> None:
        site["outlets"][0]["health"] = {"suspension": 30}

    house: House = await house_with(dear)
    said = AgencyOrder(outlet="DW001", deductions=({"kind": "suspension"}, {"points": 5}))
    asked = Asked(house.plan)
    assert await house.write(lambda at: agency.ordered(at, said, asked)) is None
    assert await points(house) == 65
