"""What is due of the hour's sequence, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.rules import vessel_of
from agent.sequence.course import EMPTY_S, Course, Ordered, Seen, due

H = 1_781_060_400 // 7200 * 7200
HOUR, MINUTE = 3600, 60
BEFORE = H - 2 * HOUR
COURSE = Course(
    sampler="s",
    analyzers=("cod", "nh3"),
    checked=("cod",),
    by_flow=False,
    every_s=15 * MINUTE,
    every_m3=10.0,
    most=24,
    stagger_s=2 * MINUTE,
    verdict_s=50 * MINUTE,
    retain_without=False,
)
DRAINED = {f"{BEFORE}:drain": Ordered("done", H - 600.0)}
PORTION = {f"{H}:portion:0": Ordered("done", H + 20.0)}
SUPPLIED = {**DRAINED, **PORTION, f"{H}:supply": Ordered("done", H + HOUR + 30.0)}
CLEARED = {f"{H - HOUR}:drain": Ordered("done", H + HOUR - 600.0)}


def names(course: Course, seen: Seen, now: float) -> list[str]:
    return [one.name for one in due(course, seen, now)]


def test_vessels_take_turns_by_the_hour() -> None:
    assert [vessel_of(H + n * HOUR) for n in range(3)] == ["A", "B", "A"]


def test_vessel_of_which_nothing_is_known_is_drained_first() -> None:
    (step,) = due(COURSE, Seen(), H + 5)
    assert (step.name, step.kind, step.vessel, step.device) == (f"{H}:clear", "drain", "A", "s")


def test_nothing_is_filled_into_a_vessel_that_still_drains() -> None:
    seen = Seen(steps={f"{H}:clear": Ordered("done", H + 10.0)})
    assert names(COURSE, seen, H + 10 + EMPTY_S - 1) == []
    assert names(COURSE, seen, H + 10 + EMPTY_S) == [f"{H}:portion:0"]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_draining_that_is_not_over_is_waited_for(state: str) -> None:
    assert names(COURSE, Seen(steps={f"{H}:clear": Ordered(state)}), H + 400) == []


@pytest.mark.parametrize("state", ["failed", "refused", "expired", "unknown"])
def test_vessel_that_may_be_full_is_not_filled_and_that_is_told(state: str) -> None:
    seen = Seen(steps={f"{H}:clear": Ordered(state, H + 300.0)})
    assert names(COURSE, seen, H + 400) == [f"{H}:no_composite"]


@pytest.mark.parametrize(("minute", "number"), [(0, 0), (14, 0), (15, 1), (45, 3), (57, 3)])
def test_portions_by_time(minute: int, number: int) -> None:
    assert names(COURSE, Seen(steps=DRAINED), H + minute * MINUTE) == [f"{H}:portion:{number}"]


def test_no_portion_runs_into_the_next_hour() -> None:
    assert names(COURSE, Seen(steps=DRAINED), H + 58 * MINUTE) == []


def test_portion_that_was_ordered_is_not_ordered_again_and_one_missed_is_not_made_up() -> None:
    seen = Seen(steps={**DRAINED, **PORTION})
    assert names(COURSE, seen, H + 10 * MINUTE) == []
    assert names(COURSE, seen, H + 46 * MINUTE) == [f"{H}:portion:3"], "not 1 and 2"


BY_FLOW = replace(COURSE, by_flow=True)


@pytest.mark.parametrize(("volume", "wanted"), [(0.0, []), (9.9, []), (10.0, ["1"]), (35.0, ["3"])])
def test_portions_by_flow(volume: float, wanted: list[str]) -> None:
    seen = Seen(steps=DRAINED, volume_m3=volume)
    assert names(BY_FLOW, seen, H + 20 * MINUTE) == [f"{H}:portion:{one}" for one in wanted]


def test_water_of_unknown_flow_is_collected_by_the_clock() -> None:
    assert names(BY_FLOW, Seen(steps=DRAINED), H + 20 * MINUTE) == [f"{H}:portion:t1"]


def test_vessel_is_not_filled_more_often_than_it_holds() -> None:
    course = replace(BY_FLOW, most=1)
    seen = Seen(steps={**DRAINED, f"{H}:portion:1": Ordered("done", H + 60.0)}, volume_m3=35.0)
    assert names(course, seen, H + 20 * MINUTE) == []


def test_hour_that_is_over_is_supplied_and_its_analyzers_start_one_after_the_other() -> None:
    seen = Seen(steps={**DRAINED, **PORTION, **CLEARED})
    after = H + HOUR + 20
    assert names(COURSE, seen, after)[0] == f"{H}:supply"
    seen = replace(seen, steps={**SUPPLIED, **CLEARED})
    assert f"{H}:start:cod" in names(COURSE, seen, H + HOUR + 30)
    assert f"{H}:start:nh3" not in names(COURSE, seen, H + HOUR + 149)
    assert f"{H}:start:nh3" in names(COURSE, seen, H + HOUR + 150)


def test_analyzers_are_not_started_on_an_empty_line() -> None:
    steps = {**DRAINED, **PORTION, **CLEARED, f"{H}:supply": Ordered("failed", H + HOUR + 30.0)}
    assert not any("start" in one for one in names(COURSE, Seen(steps=steps), H + HOUR + 300))


def test_hour_without_a_single_portion_is_told() -> None:
    steps = {**DRAINED, **CLEARED, f"{H}:portion:0": Ordered("failed", H + 60.0)}
    found = names(COURSE, Seen(steps=steps), H + HOUR + 20)
    assert f"{H}:no_composite" in found
    assert f"{H}:supply" not in found


def end(seen: Seen, minute: float, course: Course = COURSE) -> list[str]:
    """Give what is due of the end of the hour's water."""
    seen = replace(seen, steps={**SUPPLIED, **CLEARED, **seen.steps})
    found = names(course, seen, H + HOUR + minute * MINUTE)
    wanted = ("drain", "retain", "no_verdict")
    return [one.partition(":")[2] for one in found if one.rpartition(":")[2] in wanted]


def test_judged_water_is_drained() -> None:
    assert end(Seen(judged=frozenset({H})), 40) == ["drain"]


def test_water_that_waits_for_its_verdict_stays() -> None:
    assert end(Seen(), 49.9) == []


def test_water_is_never_drained_while_a_bottle_of_it_is_kept() -> None:
    assert end(Seen(judged=frozenset({H}), keeping=frozenset({H})), 59) == []


def test_without_a_verdict_it_is_drained_or_kept_as_settled() -> None:
    assert end(Seen(), 50) == ["no_verdict", "drain"]
    keep = replace(COURSE, retain_without=True)
    assert end(Seen(), 50, keep) == ["no_verdict", "retain"]
    told = {f"{H}:no_verdict": Ordered("done"), f"{H}:retain": Ordered("done", H + HOUR + 3100.0)}
    assert end(Seen(kept_blind=frozenset({H}), steps=told), 53, keep) == ["drain"]


def test_vessel_with_a_bottle_under_way_is_not_cleared_for_the_next_hour() -> None:
    assert names(COURSE, Seen(keeping=frozenset({BEFORE})), H + 5) == []


CHECKED = replace(COURSE, check_at=10 * HOUR)
SLOT = H


def checks(states: list[str], minute: float) -> list[str]:
    steps = {f"{SLOT}:check:cod:{n}": Ordered(one, 0.0) for n, one in enumerate(states) if one}
    seen = Seen(steps={**DRAINED, **steps}, midnight=SLOT - 10 * HOUR)
    found = names(CHECKED, seen, SLOT + minute * MINUTE)
    return [one.partition(":")[2] for one in found if "check" in one]


def test_daily_check_is_tried_until_it_is_taken() -> None:
    assert checks([], -1) == []
    assert checks([], 0) == ["check:cod:0"]
    assert checks(["refused"], 9) == []
    assert checks(["refused"], 10) == ["check:cod:1"]
    assert checks(["refused", "done"], 20) == []
    assert checks(["unknown"], 20) == [], "it may be running"


def test_daily_check_that_never_was_is_told() -> None:
    assert checks(["refused"] * 6, 59) == []
    assert checks(["refused"] * 6, 60) == ["no_check:cod"]
    assert checks([], 61) == ["no_check:cod"], "the agent was not there"
    assert checks(["refused", "done"], 61) == []
