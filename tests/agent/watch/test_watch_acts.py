"""AF-09, AF-14, AF-15: events graded and grouped, clock, labels, starts; AF-18."""

from __future__ import annotations

import pytest

from agent.watch import (
    Begun,
    Finding,
    Span,
    Told,
    graded,
    grouped,
    labels,
    restarts,
    steps_of_clock,
    ups_too_short,
)
from agent.watch.grouping import EVENTS, begun

T0 = 1_780_000_000.0
HOUR = 3600.0


def told(number: int, kind: str, *, tended: bool = False, **more: object) -> Told:
    return Told(number, kind, T0 + number, "w01018", tended, more)  # type: ignore[arg-type]


def test_af_09_change_outside_of_maintenance_is_graver_than_one_inside() -> None:
    inside, outside = graded([told(1, "parameter", tended=True), told(2, "parameter", old=1.0)])
    assert (inside.rule, inside.cause, inside.grave) == ("AF-09", "parameter", False)
    assert (outside.cause, outside.grave) == ("parameter outside maintenance", True)
    assert (outside.events, outside.figures) == (((2, T0 + 2),), {"old": 1.0})


def test_af_09_changes_of_one_cause_are_one_finding_with_every_event() -> None:
    (one,) = graded([told(3, "parameter"), told(1, "parameter"), told(2, "parameter")])
    assert (one.count, [number for number, _ in one.events]) == (3, [1, 2, 3])
    assert (one.start, one.end) == (T0 + 1, T0 + 3)


@pytest.mark.parametrize(
    ("kind", "cause", "grave"),
    [
        ("parameter_range", "parameter range", False),
        ("door", "door outside maintenance", True),
        ("camera_covered", "camera covered outside maintenance", True),
        ("camera_offline", "camera offline", False),
        ("power", "power", False),
    ],
)
def test_af_15_what_needs_a_hand_is_grave_without_maintenance(
    kind: str, cause: str, grave: bool
) -> None:
    (one,) = graded([told(1, kind)])
    assert (one.cause, one.grave) == (cause, grave)


def test_af_14_hole_that_nobody_sampled_is_a_log_gap() -> None:
    (one,) = graded([Told(1, "power", T0, "", False, silent=True)])
    assert (one.rule, one.cause) == ("AF-14", "log gap")


def test_events_that_mean_nothing_here_are_let_be() -> None:
    assert list(graded([told(1, "exceedance"), told(2, "falsification")])) == []


def test_af_14_step_over_thirty_seconds_and_any_step_back() -> None:
    found = steps_of_clock([(T0, 30.0), (T0, 31.0), (T0, -2.0)], most_s=30.0)
    assert [(one.cause, one.figures["step_s"]) for one in found] == [
        ("clock step", 31.0),
        ("clock back", -2.0),
    ]


def test_af_14_labels_of_the_future_and_of_long_ago() -> None:
    results = [("a", T0, T0 - lead, 1.0) for lead in (900, 901)]
    results += [("b", T0 - 24 * HOUR - late, T0, 2.0) for late in (0, 1)]
    found = list(labels(results, ahead_s=900, old_s=24 * HOUR))
    assert [(one.factor, one.cause) for one in found] == [("a", "label ahead"), ("b", "label old")]


def test_af_15_restart_without_an_orderly_end_has_another_name() -> None:
    found = restarts([Begun(T0, orderly=True), Begun(T0 + 9, orderly=False)])
    assert [one.cause for one in found] == ["restart", "restart after a break"]


@pytest.mark.parametrize(
    ("gave_up_h", "back_h", "held_h"), [(1.9, 5, 1.9), (2.0, 5, None), (1.5, 1.0, None)]
)
def test_af_18_battery_that_does_not_hold_two_hours(
    gave_up_h: float, back_h: float, held_h: float | None
) -> None:
    lost = Span(T0, T0 + back_h * HOUR, 4)
    found = list(ups_too_short([lost], [T0 + gave_up_h * HOUR, T0 + 4 * HOUR], least_h=2.0))
    assert [one.figures["held_h"] for one in found] == ([] if held_h is None else [held_h])
    assert all(one.events == ((4, T0),) for one in found)


def case(*numbers: int) -> Finding:
    events = tuple((number, T0 + number) for number in numbers)
    return Finding(
        "AF-15", "door", "", T0 + numbers[0], T0 + numbers[-1], len(numbers), events=events
    )


def test_events_seen_again_are_no_repeats() -> None:
    group = begun(case(1, 2))
    assert (group.count, group.events, group.times) == (2, (1, 2), (T0 + 1, T0 + 2))
    assert grouped(group.detail(), case(1, 2)) is None
    more = grouped(group.detail(), case(2, 3))
    assert more is not None
    assert (more.count, more.events, more.first, more.last) == (3, (1, 2, 3), T0 + 1, T0 + 3)


def test_two_events_of_one_moment_are_two() -> None:
    both = Finding("AF-09", "parameter", "", T0, T0, 2, events=((1, T0), (2, T0)))
    group = begun(both)
    assert group.count == 2
    third = grouped(group.detail(), Finding("AF-09", "", "", T0, T0, 1, events=((3, T0),)))
    assert third is not None
    assert third.count == 3


def test_case_names_a_bounded_number_of_events_and_counts_all() -> None:
    group = begun(case(1))
    for number in range(2, 200):
        more = grouped(group.detail(), case(number))
        assert more is not None
        group = more
    assert (group.count, len(group.events), group.events[-1]) == (199, EVENTS, 199)


def test_case_that_was_grave_once_stays_so() -> None:
    grave = Finding("AF-10", "x", "", T0, T0 + 1, 1, grave=True)
    group = begun(grave)
    later = grouped(group.detail(), Finding("AF-10", "x", "", T0 + 9, T0 + 10, 1))
    assert later is not None
    assert later.detail()["grave"] is True
