"""The watch over events, contacts, parameters, uploads and marks of a real store (AF-06…19)."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import (
    COD,
    FLOW,
    HOUR,
    PH,
    T0,
    Change,
    destination,
    factor,
    second_destination,
    second_outlet,
)
from test_watching import look, minutes

from agent.marks import Record
from agent.model import MarkKind, MarkState
from agent.store import checks, clock_steps, events, journal, maintenance, marks, parameters
from agent.store.checks import CheckRecord
from agent.store.maintenance import Switched
from agent.store.parameters import Kept
from agent.substitution import Verdict
from agent.watching import EVENT

Builder = Callable[..., Awaitable[House]]


def watched(**keys: Any) -> Change:
    """Set keys of the outlet's watch."""

    def change(site: dict[str, Any]) -> None:
        site["outlets"][0]["watch"] = keys

    return change


def contacts(*given: tuple[str, str]) -> Change:
    """Add a module of contacts, each with its meaning."""

    def change(site: dict[str, Any]) -> None:
        module = {"id": "io", "profile": "modules/plc-contacts", "bus": "net1", "address": 30}
        site["devices"].append(module)
        site["inputs"] = [
            {"id": name, "device": "io", "point": f"contact{n}", "means": means}
            for n, (name, means) in enumerate(given, start=1)
        ]

    return change


async def told(
    house: House,
    kind: str,
    detail: dict[str, Any],
    *,
    at: float = T0,
    end: float | None = T0,
    outlet: str = "DW001",
    factor: str = "",
) -> int:
    def job(connection: sqlite3.Connection) -> int | None:
        ref = f"{kind}:{at}:{sorted(detail.items())}"
        return events.add(
            connection, kind, detail, ref=ref, at=at, outlet=outlet, factor=factor, ended_at=end
        )

    number = await house.write(job)
    assert number is not None
    return number


def cases(house: House, rule: str) -> list[dict[str, Any]]:
    found = [json.loads(text) for _, _, text in house.events(EVENT)]
    return [one for one in found if one["rule"] == rule]


async def flow(house: House, start: float, hours: float, value: float = 30.0) -> None:
    dice = random.Random(3)
    span = range(int(start), int(start + hours * HOUR), 60)
    await minutes(house, FLOW, [(at, value and value + dice.random(), "normal") for at in span])


async def test_af_09_change_is_grouped_with_who_made_it_and_told_as_grave(house: House) -> None:
    change = {"device": "cod", "parameter": "slope", "old": 1.0, "new": 1.2, "maintenance": None}
    first = await told(house, "parameter", {**change, "changed_after": T0 - 60}, factor=COD)

    def ordered(at: sqlite3.Connection) -> None:
        at.execute(
            "INSERT INTO actions (ref, device, kind, cause, request, created_at, not_after, state,"
            " finished_at) VALUES ('a', 'cod', 'set_parameter', 'platform',"
            " '{\"parameter\": \"slope\"}', ?, ?, 'done', ?)",
            (T0, T0, T0 - 30),
        )

    await house.write(ordered)
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-09")
    assert (case["cause"], case["grave"]) == ("parameter outside maintenance", True)
    assert (case["events"], case["figures"]["by"], case["figures"]["new"]) == (
        [first],
        "platform",
        1.2,
    )
    later = {**change, "new": 1.3, "changed_after": T0 + HOUR}
    second = await told(house, "parameter", later, at=T0 + 2 * HOUR, factor=COD)
    await look(house, T0 + 3 * HOUR)
    (case,) = cases(house, "AF-09")
    assert (case["count"], case["first"], case["events"]) == (2, T0, [first, second])
    assert case["figures"]["by"] == "panel"
    assert len(house.events("parameter")) == 2


async def test_af_09_change_in_a_confirmed_mark_is_a_note(house: House) -> None:
    mark = Record(
        "DW001", (), MarkKind.EQUIPMENT, "校准", int(T0) - 600, int(T0) + 600,
        state=MarkState.CONFIRMED,
    )  # fmt: skip
    await house.write(lambda at: marks.add(at, mark, by="张三", why="周校准", now=T0))
    await told(house, "parameter", {"device": "cod", "maintenance": None}, factor=COD)
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-09")
    assert (case["cause"], case["grave"]) == ("parameter", False)


async def test_af_15_power_of_the_house_is_of_its_outlets_with_the_last_values(
    house: House,
) -> None:
    await flow(house, T0, 1)
    lost = await told(house, "power", {"input": "mains"}, at=T0 + HOUR + 30, outlet="", end=None)
    await look(house, T0 + 2 * HOUR)
    (case,) = cases(house, "AF-15")
    assert (case["cause"], case["events"], case["grave"]) == ("power", [lost], False)
    assert 30 <= case["figures"][f"last {FLOW}"] <= 31


async def test_af_14_and_15_steps_and_starts(house: House) -> None:
    def happened(at: sqlite3.Connection) -> None:
        clock_steps.add(at, at=T0 + 60, step_s=-5.0, boot="b")
        for what, when in (("start", -9000), ("start", 60), ("stop", 120), ("start", 180)):
            journal.add(at, what, {}, at=T0 + when)

    await house.write(happened)
    await look(house, T0 + HOUR)
    assert [one["cause"] for one in cases(house, "AF-14")] == ["clock back"]
    assert sorted(one["cause"] for one in cases(house, "AF-15")) == [
        "restart",
        "restart after a break",
    ]
    await look(house, T0 + 2 * HOUR)
    assert [one["count"] for one in cases(house, "AF-15")] == [1, 1]


async def test_af_15_hands_from_afar_are_noted_and_no_other_line_is(house: House) -> None:
    def happened(at: sqlite3.Connection) -> None:
        journal.add(at, "remote session", {"from": "192.0.2.7"}, at=T0 - 9e4, who="long ago")
        journal.add(at, "remote session", {"from": "192.0.2.7"}, at=T0 + 60, who="yunwei")
        journal.add(at, "diagnosis", {"kind": "frames"}, at=T0 + 120, who="ops:contractor")
        journal.add(at, "manual value", {}, at=T0 + 180, who="张三")

    await house.write(happened)
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-15")
    assert (case["cause"], case["count"], case["grave"]) == ("remote session", 2, False)
    assert case["times"] == [T0 + 60, T0 + 120]
    assert case["figures"] == {"who": "ops:contractor", "from": ""}
    await look(house, T0 + 2 * HOUR)
    assert [one["count"] for one in cases(house, "AF-15")] == [2]


async def test_af_08_result_that_the_analyzer_tells_otherwise_later_is_a_grave_case(
    house: House,
) -> None:
    await house.result(T0, 40.0, received_at=T0 + HOUR)
    await house.result(T0 + HOUR, 50.0, received_at=T0 + 2 * HOUR)
    # what stands in the analyzer is read again
    await house.result(T0, 44.0, received_at=T0 + 2 * HOUR + 60)
    await house.result(T0 + HOUR, 50.4, received_at=T0 + 2 * HOUR + 60)
    await look(house, T0 + 3 * HOUR)
    (case,) = cases(house, "AF-08")
    assert case["cause"] == "result changed outside maintenance"
    assert (case["count"], case["grave"]) == (1, True)
    assert (case["figures"]["old"], case["figures"]["new"]) == (40.0, 44.0)


async def test_af_18_battery_gave_up_too_early(house: House) -> None:
    lost = await told(house, "power", {"input": "mains"}, end=T0 + 3 * HOUR)
    await told(house, "power_battery", {"input": "ups"}, at=T0 + HOUR, end=T0 + 3 * HOUR)
    await look(house, T0 + 4 * HOUR)
    (case,) = cases(house, "AF-18")
    assert (case["events"], case["figures"]["held_h"]) == ([lost], 1.0)


async def test_af_10_parameters_are_held_against_what_was_filed(house_with: Builder) -> None:
    def esun(site: dict[str, Any]) -> None:
        site["devices"][2]["profile"] = "water/esun-analyzer"

    house = await house_with(esun, watched(filed={"cod": {"range": 200}}))
    kept = Kept("cod", "range", 500.0, "", "mg/L", T0 - 9000, T0 + 1800)
    await house.write(lambda at: parameters.put(at, kept))
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-10")
    assert case["figures"] == {
        "device": "cod", "parameter": "range", "filed": 200.0, "actual": 500.0,
    }  # fmt: skip
    ((text,),) = house.rows("SELECT detail FROM journal WHERE what = 'filed parameters'")
    filed = json.loads(text)
    assert filed["filed"] == {"cod": {"range": 200.0}}
    assert house.one("SELECT sha256 FROM filed") == filed["sha256"]
    await look(house, T0 + 2 * HOUR)
    assert house.one("SELECT count(*) FROM filed") == 1


async def test_af_08_hour_that_was_sent_as_another_one(house: House) -> None:
    await store_hour(house, 50.0)
    await sent_hour(house, "w01018-Avg=50.0,w01018-Flag=N")
    await look(house, T0 + 2 * HOUR)
    assert cases(house, "AF-08") == []
    await house.write(lambda at: at.execute("UPDATE outbox SET body = replace(body, '50', '30')"))
    await look(house, T0 + 3 * HOUR)
    (case,) = cases(house, "AF-08")
    assert case["cause"] == "sent to st1 differs"
    assert case["figures"] == {"before": 50.0, "after": 30.0}


async def store_hour(house: House, value: float) -> None:
    number = house.names.series["DW001", COD, "rtd"]

    def job(at: sqlite3.Connection) -> None:
        at.execute(
            "INSERT OR IGNORE INTO statistics (kind, start, series, revision, avg, cause, abnormal,"
            " share, valid, parts, due, weighted, reason)"
            " VALUES ('1h', ?, ?, 0, ?, 'normal', 'normal', 1.0, 1, 1, 1, 0, '')",
            (int(T0), number, value),
        )

    await house.write(job)


async def sent_hour(house: House, body: str) -> None:
    def job(at: sqlite3.Connection) -> None:
        at.execute(
            "INSERT OR IGNORE INTO outbox (station, cn, st, at, revision, pno, pnum, qn_ms, class,"
            " answer, body, created_at, not_before)"
            " VALUES ('st1', '2061', '32', ?, 0, 1, 1, 1, 2, 1, ?, ?, ?)",
            (int(T0), body, T0, T0),
        )

    await house.write(job)


async def test_af_08_store_that_is_not_what_the_analyzer_said(house: House) -> None:
    await house.result(T0, 50.0, received_at=T0 + HOUR)
    await store_hour(house, 44.0)
    await look(house, T0 + 2 * HOUR)
    (case,) = cases(house, "AF-08")
    assert case["cause"] == "stored differs from the analyzer"
    assert case["figures"] == {"before": 50.0, "after": 44.0}


async def test_af_11_calibration_at_night_that_failed(house: House) -> None:
    night = int(T0) + 10 * HOUR
    failed = CheckRecord(
        "DW001", COD, "standard", night, night + 600, Verdict.FAIL, channel="manual"
    )
    await house.write(lambda at: checks.add(at, failed))
    await look(house, night + HOUR)
    assert sorted(one["cause"] for one in cases(house, "AF-11")) == [
        "calibration failed",
        "outside working hours",
    ]


async def test_af_12_contact_that_is_off_while_it_flows(house_with: Builder) -> None:
    demand = {"name": "采样泵", "rule": "AF-13", "input": "pump1"}
    house = await house_with(contacts(("pump1", "pump")), watched(line=[demand]))
    await flow(house, T0, 2)
    await told(house, "run_pump", {"input": "pump1"}, end=T0 + HOUR)
    await look(house, T0 + 2 * HOUR)
    (case,) = cases(house, "AF-13")
    assert (case["cause"], case["start"], case["points"]) == ("采样泵", T0 + HOUR, 60)


async def test_contact_that_was_never_on_proves_nothing(house_with: Builder) -> None:
    demand = {"name": "采样泵", "rule": "AF-13", "input": "pump1"}
    house = await house_with(contacts(("pump1", "pump")), watched(line=[demand]))
    await flow(house, T0, 2)
    await look(house, T0 + 2 * HOUR)
    assert cases(house, "AF-13") == []


async def test_contact_that_went_off_yesterday_is_off_today(house_with: Builder) -> None:
    demand = {"name": "采样泵", "input": "pump1"}
    house = await house_with(contacts(("pump1", "pump")), watched(line=[demand]))
    await flow(house, T0, 1)
    await told(house, "run_pump", {"input": "pump1"}, at=T0 - 40 * HOUR, end=T0 - 39 * HOUR)
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-12")
    assert case["points"] == 60


async def test_af_12_value_outside_its_bounds(house_with: Builder) -> None:
    demand = {"name": "pH 池", "factor": PH, "low": 120, "for_min": 10}
    house = await house_with(watched(line=[demand]))
    await flow(house, T0, 1)
    await minutes(house, PH, [(int(T0) + at * 60, 95.0 + at, "normal") for at in range(20)])
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-12")
    assert (case["points"], case["samples"][0]) == (20, [T0, 95.0])


@pytest.mark.parametrize(
    ("watch", "blown_min", "checked", "told"),
    [
        ({"response_min": 5}, 2, False, 1),
        ({}, 2, False, 0),
        ({"response_min": 5}, 11, False, 0),
        ({"response_min": 5, "blow_back_min": 11}, 11, False, 1),
        ({"response_min": 5}, 2, True, 0),
        ({"factors": {PH: {"response_min": 5}}}, 2, False, 1),
        ({"factors": {FLOW: {"response_min": 5}}}, 2, False, 0),
    ],
    ids=["told", "off", "calibration", "longer", "of a check", "one factor", "another factor"],
)
async def test_af_12_blow_back_as_its_flag_tells_it(
    house_with: Builder, watch: dict[str, Any], blown_min: int, checked: bool, told: int
) -> None:
    house = await house_with(watched(**watch), factor(PH, range=[0, 14]))
    await flow(house, T0, 1)
    levels = [7.0] * 20 + [None] * blown_min + [3.0] * 10
    await minutes(
        house,
        PH,
        [
            (int(T0) + at * 60, value, "calibration" if value is None else "normal")
            for at, value in enumerate(levels)
        ],
    )
    if checked:
        start = int(T0) + 20 * 60 + 30
        record = CheckRecord("DW001", PH, "zero", start, start + 30, Verdict.PASS)
        await house.write(lambda at: checks.add(at, record))
    await look(house, T0 + HOUR)
    found = [one for one in cases(house, "AF-12") if one["cause"] == "no response after blow-back"]
    assert [(one["figures"], one["grave"]) for one in found] == [
        ({"before": 7.0, "after": 3.0}, False)
    ] * told


async def test_af_12_blow_back_as_its_contact_tells_it(house_with: Builder) -> None:
    house = await house_with(
        contacts(("purge", "valve")),
        watched(response_min=5, blow_back="purge"),
        factor(PH, range=[0, 14]),
    )
    await flow(house, T0, 1)
    levels = [7.0] * 20 + [3.0] * 12
    await minutes(house, PH, [(int(T0) + at * 60, v, "normal") for at, v in enumerate(levels)])
    await look(house, T0 + HOUR)
    assert cases(house, "AF-12") == []
    began = T0 + 19 * 60 + 30
    await told(house, "run_valve", {"input": "purge"}, at=began, end=began + 60)
    await look(house, T0 + 2 * HOUR)
    (case,) = cases(house, "AF-12")
    assert (case["cause"], case["figures"]["after"]) == ("no response after blow-back", 3.0)


async def test_af_13_result_without_its_pump(house_with: Builder) -> None:
    house = await house_with(
        contacts(("pump1", "pump"), ("full", "run")),
        watched(sequence={"steps": ["pump1", "full"], "within_min": 60}),
    )
    await house.result(T0, 50.0, received_at=T0 + HOUR)
    await house.result(T0 + HOUR, 51.0, received_at=T0 + 2 * HOUR)
    await told(house, "run_pump", {"input": "pump1"}, at=T0 + 60, end=T0 + 300)
    await told(house, "run_signal", {"input": "full"}, at=T0 + 300, end=T0 + 600)
    await look(house, T0 + 3 * HOUR)
    (case,) = cases(house, "AF-13")
    assert (case["cause"], case["start"]) == ("no pump1 before analysis", T0 + 2 * HOUR)


async def test_treatment_off_and_emergency_valve_open_while_it_discharges(
    house_with: Builder,
) -> None:
    house = await house_with(
        contacts(("fan", "run"), ("valve1", "valve")),
        watched(treatment=[{"input": "fan"}], emergency=["valve1"]),
    )
    await flow(house, T0, 2)
    await told(house, "run_signal", {"input": "fan"}, at=T0 - 60, end=T0 + HOUR)
    opened = await told(house, "run_valve", {"input": "valve1"}, at=T0 + HOUR, end=None)
    over = await told(house, "exceedance", {}, at=T0 + 1800, end=None, factor=COD)
    await look(house, T0 + 2 * HOUR)
    (off,) = cases(house, "treatment")
    assert (off["cause"], off["points"], off["grave"]) == (
        "treatment off while discharging: fan", 60, True,
    )  # fmt: skip
    (valve,) = cases(house, "bypass")
    assert (valve["cause"], valve["events"]) == ("valve1 open in an abnormal discharge", [opened])
    assert valve["figures"] == {"discharge_events": str(over)}


async def stop(house: House, start: float, end: float, state: MarkState) -> None:
    mark = Record("DW001", (), MarkKind.CONDITION, "停运", int(start), int(end), state=state)
    await house.write(lambda at: marks.add(at, mark, by="张三", why="检修", now=T0))


async def test_af_16_flow_inside_a_mark_of_a_stop(house: House) -> None:
    await flow(house, T0, 2)
    await stop(house, T0, T0 + HOUR, MarkState.PROPOSED)
    await look(house, T0 + 2 * HOUR)
    (case,) = cases(house, "AF-16")
    assert (case["cause"], case["points"], case["end"]) == (
        "flow in a stop by mark", 60, T0 + HOUR,
    )  # fmt: skip


async def test_af_16_refused_mark_and_a_quiet_stop_contradict_nothing(house: House) -> None:
    await flow(house, T0, 1)
    await flow(house, T0 + HOUR, 1, value=0.0)
    await stop(house, T0, T0 + HOUR, MarkState.REFUSED)
    await stop(house, T0 + HOUR, T0 + 2 * HOUR, MarkState.CONFIRMED)
    await look(house, T0 + 2 * HOUR)
    assert cases(house, "AF-16") == []


async def test_af_19_electricity_inside_a_stop(house_with: Builder) -> None:
    def witness(site: dict[str, Any]) -> None:
        site["outlets"][0]["marks"] = {"power": {"outlet": "DW001", "factor": PH, "above": 5}}

    house = await house_with(witness)
    await minutes(house, PH, [(int(T0) + at * 60, 7.0, "normal") for at in range(60)])
    await stop(house, T0, T0 + HOUR, MarkState.CONFIRMED)
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-19")
    assert (case["cause"], case["points"]) == ("power in a stop by mark", 60)


async def test_af_16_flag_of_a_stop_while_it_flows(house: House) -> None:
    await minutes(house, PH, [(int(T0) + at * 60, None, "stopped") for at in range(40)])
    await flow(house, T0, 1)
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-16")
    assert (case["cause"], case["points"]) == ("flow in a stop by flag", 40)


async def test_af_16_flag_inside_a_marked_stop_is_told_once(house: House) -> None:
    await minutes(house, PH, [(int(T0) + at * 60, None, "stopped") for at in range(40)])
    await flow(house, T0, 1)
    await stop(house, T0, T0 + HOUR, MarkState.CONFIRMED)
    await look(house, T0 + HOUR)
    assert [one["cause"] for one in cases(house, "AF-16")] == ["flow in a stop by mark"]


async def test_af_16_normal_value_while_maintenance_is_marked(house: House) -> None:
    await minutes(house, PH, [(int(T0) + at * 60, 7.0, "normal") for at in range(60)])
    mark = Record("DW001", (PH,), MarkKind.EQUIPMENT, "日常维护", int(T0), int(T0) + 1800)
    await house.write(lambda at: marks.add(at, mark, by="张三", why="清洗", now=T0))
    await look(house, T0 + HOUR)
    (case,) = cases(house, "AF-16")
    assert (case["cause"], case["points"], case["grave"]) == (
        "normal value in maintenance", 30, False,
    )  # fmt: skip


async def test_af_06_two_outlets_that_move_alike(house_with: Builder) -> None:
    def apart(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["outlets"].remove("DW002")

    house = await house_with(second_outlet(PH), apart, second_destination("DW002"))
    dice = random.Random(5)
    values = [(int(T0) + at * 60, 7 + dice.random(), "normal") for at in range(1440)]
    await minutes(house, PH, values)
    second = house.names.series["DW002", PH, "rtd"]
    first = house.names.series["DW001", PH, "rtd"]

    def copied(at: sqlite3.Connection) -> None:
        at.execute(
            "INSERT INTO statistics SELECT kind, start, ?, revision, avg + 0.01, min, max, cou,"
            " zs_avg, zs_min, zs_max, cause, abnormal, share, valid, parts, due, weighted, reason"
            " FROM statistics WHERE series = ?",
            (second, first),
        )

    await house.write(copied)
    await look(house, T0 + 24 * HOUR)
    (case,) = cases(house, "AF-06")
    assert case["cause"] == "alike DW002"


async def test_nothing_of_all_this_is_sent_unasked(house_with: Builder) -> None:
    house = await house_with(destination(events=["door"]))
    await told(house, "door", {"input": "door1"})
    await look(house, T0 + HOUR)
    assert len(cases(house, "AF-15")) == 1
    assert house.rows("SELECT * FROM outbox") == []


async def test_case_of_no_factor_ends_when_its_cause_stays_away(house: House) -> None:
    await house.write(lambda at: clock_steps.add(at, at=T0 + 60, step_s=99.0, boot="b"))
    await look(house, T0 + HOUR)
    await look(house, T0 + 31 * 24 * HOUR)
    ((at, ended_at, _),) = house.events(EVENT)
    assert (at, ended_at) == (T0 + 60, T0 + 60)


async def test_change_while_one_factor_was_switched_to_maintenance(house: House) -> None:
    switched = Switched(0, "DW001", COD, "maintenance", "张三", "清洗", "operator", T0, T0 + 600)
    await house.write(lambda at: maintenance.add(at, switched))
    change = {"device": "cod", "maintenance": None}
    await told(house, "parameter", change, at=T0 + 60, factor=COD)
    await told(house, "parameter", change, at=T0 + 61, factor=PH)
    await look(house, T0 + HOUR)
    assert [one["grave"] for one in cases(house, "AF-09")] == [False, True]
