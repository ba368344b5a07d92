"""Proposals from evidence, and what speaks against a mark."""

from __future__ import annotations

from collections.abc import Callable

from mark_rows import OUTLET, at, condition, record

from agent.marks import (
    Evidence,
    Minute,
    Thresholds,
    cutoff,
    industry_set,
    objections,
    proposals,
)
from agent.model import Cause, MarkKind, MarkState
from agent.settings.marks import known_industries
from protocols.hj212.times import parse_wire_time

LIMITS = Thresholds(flow=1.0, power=5.0)
QUIET = Minute(flow=0.0, oxygen=20.8, power=0.0)
RUNNING = Minute(flow=60.0, oxygen=8.0, power=40.0)


def seen(of: Callable[[int], Minute], minutes: int = 120, **more: object) -> Evidence:
    first = at("10:00")
    return Evidence(OUTLET, {first + n * 60: of(n) for n in range(minutes)}, **more)  # type: ignore[arg-type]


def test_stop_is_proposed_where_no_witness_saw_anything_run() -> None:
    evidence = seen(lambda n: QUIET if 20 <= n < 80 else RUNNING)
    (one,) = proposals(evidence, LIMITS, [])
    assert (one.kind, one.code, one.state) == (MarkKind.CONDITION, "停运", MarkState.PROPOSED)
    assert (one.start, one.end) == (at("10:20"), at("11:20"))


def test_stop_flag_is_proposed_too() -> None:
    flagged = Minute(flow=60.0, oxygen=8.0, cause=Cause.STOPPED)
    (one,) = proposals(seen(lambda n: flagged if n < 40 else RUNNING), LIMITS, [])
    assert one.minutes == 40
    assert "停运标识" in one.evidence[0]


def test_one_witness_of_running_or_no_witness_at_all_is_no_stop() -> None:
    powered = Minute(flow=0.0, oxygen=20.8, power=40.0)
    assert proposals(seen(lambda _: powered), LIMITS, []) == []
    assert proposals(seen(lambda _: Minute()), LIMITS, []) == []


def test_short_pattern_is_no_stop() -> None:
    assert proposals(seen(lambda n: QUIET if n < 29 else RUNNING), LIMITS, []) == []


def test_what_was_refused_is_not_proposed_again() -> None:
    evidence = seen(lambda n: QUIET if n < 60 else RUNNING)
    (one,) = proposals(evidence, LIMITS, [])
    refused = condition("停运", one.start, one.end, state=MarkState.REFUSED)
    assert proposals(evidence, LIMITS, [refused]) == []


def test_open_door_and_calibration_record_propose_marks_of_whole_minutes() -> None:
    evidence = seen(
        lambda _: RUNNING,
        doors=[(at("10:05") + 30, at("10:20") + 1)],
        checks=[(at("11:00"), at("11:10"), "a21026")],
    )
    door, check = proposals(evidence, LIMITS, [])
    assert (door.code, door.start, door.end) == ("日常维护", at("10:05"), at("10:21"))
    assert (check.code, check.factors) == ("校准", ("a21026",))


def test_stop_is_contradicted_by_flow_oxygen_and_power() -> None:
    mark = condition("停运", "10:00", "10:59")
    against = objections(mark, seen(lambda n: RUNNING if n < 7 else QUIET), LIMITS, [])
    assert {one.rule: one.count for one in against} == {
        "stopped_flow": 7,
        "stopped_oxygen": 7,
        "stopped_power": 7,
    }
    assert "8" in next(one.text for one in against if one.rule == "stopped_oxygen")


def test_flow_up_to_the_stop_limit_does_not_contradict_mark_10() -> None:
    mark = condition("停运", "10:00", "10:59")
    drip = Minute(flow=1.0, oxygen=20.8)
    assert objections(mark, seen(lambda _: drip), LIMITS, []) == []
    wet = Minute(flow=1.01, oxygen=20.8)
    assert [one.rule for one in objections(mark, seen(lambda _: wet), LIMITS, [])] == [
        "stopped_flow"
    ]


def test_maintenance_that_begins_near_an_exceedance_is_told() -> None:
    evidence = seen(lambda _: RUNNING, exceedances=[(at("10:00"), "a21026")])
    near = record("日常维护", "10:30", "10:40", "a21026")
    far = record("日常维护", "10:31", "10:40", "a21026")
    other = record("日常维护", "10:05", "10:40", "a21002")
    assert [one.rule for one in objections(near, evidence, LIMITS, [])] == ["near_exceedance"]
    assert objections(far, evidence, LIMITS, []) == []
    assert objections(other, evidence, LIMITS, []) == []


def test_maintenance_at_the_same_time_of_day_again_and_again_is_listed() -> None:
    before = [
        record("日常维护", at("10:10", day), at("10:40", day)) for day in ("20260303", "20260304")
    ]
    mark = record("日常维护", "10:20", "10:50")
    (one,) = objections(mark, seen(lambda _: RUNNING), LIMITS, before)
    assert (one.rule, one.count) == ("repeated_time", 3)
    assert objections(mark, seen(lambda _: RUNNING), LIMITS, before[1:]) == []


def test_maintenance_in_the_same_production_step_is_listed() -> None:
    starts = [at("02:00", "20260302"), at("20:00", "20260303"), at("10:00")]
    steps = [condition("启炉", one - 600, one + 3600) for one in starts]
    marks = [record("日常维护", one, one + 1200) for one in starts]
    found = objections(marks[-1], seen(lambda _: RUNNING), LIMITS, [*steps, *marks])
    assert [(one.rule, one.count) for one in found] == [("repeated_step", 3)]


def test_fault_inside_a_stop_is_contradicted() -> None:
    stop = condition("停运", "09:00", "10:09")
    fault = condition("故障/事故", "10:00", "11:00")
    (one,) = objections(fault, seen(lambda _: RUNNING), LIMITS, [stop])
    assert (one.rule, one.count) == ("fault_inside", 10)


def test_mark_06_cut_off_is_noon_of_the_next_local_day() -> None:
    assert cutoff(at("14:52")) == parse_wire_time("20260306120000")
    midnight = int(parse_wire_time("20260306000000"))
    assert cutoff(midnight) == parse_wire_time("20260306120000")


def test_industry_sets_are_data() -> None:
    assert known_industries() == ("incineration", "thermal-power", "cement", "paper")
    power = industry_set("thermal-power")
    assert power.name(MarkKind.CONDITION, "解列") is not None
    assert power.name(MarkKind.CONDITION, "烘炉") is None
    assert power.name(MarkKind.EQUIPMENT, "校准") is not None
    unknown = industry_set("brewery")
    assert unknown.quotas == ()
    assert all(
        one.mark and one.source for each in known_industries() for one in industry_set(each).names
    )
