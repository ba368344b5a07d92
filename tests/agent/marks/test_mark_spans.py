"""Automatic marks out of flags, chains, manual over auto."""

from __future__ import annotations

import random

from mark_rows import OUTLET, at, record

from agent.marks import Channel, chains, from_causes, shown, together
from agent.model import Cause, MarkKind, MarkState

SO2 = "a21026"


def flags(*spans: tuple[str, str, Cause]) -> list[tuple[int, Cause]]:
    minutes = {at("14:00") + n * 60: Cause.NORMAL for n in range(180)}
    for first, last, cause in spans:
        for minute in range(at(first), at(last) + 60, 60):
            minutes[minute] = cause
    return list(minutes.items())


T_M6 = flags(
    ("14:43", "14:51", Cause.CALIBRATION),
    ("14:52", "14:53", Cause.FAULT),
    ("14:56", "16:30", Cause.CALIBRATION),
)


def test_t_m6_chains_are_eleven_and_ninety_five_minutes() -> None:
    marks = from_causes(OUTLET, SO2, T_M6)
    assert [(one.code, one.minutes) for one in marks] == [("校准", 9), ("故障", 2), ("校准", 95)]
    assert marks[0].last == at("14:51")
    found = chains(marks, SO2)
    assert [one.minutes for one in found] == [11, 95]
    assert found[0].codes == ("校准", "故障")
    assert [one.listed for one in found] == [False, True]


def test_t_m7_manual_mark_that_covers_an_automatic_one_is_shown_alone() -> None:
    auto = record("校准", "13:52", "14:11", SO2, channel=Channel.AUTO)
    manual = record("校准", "13:51", "14:16", SO2)
    assert shown([auto, manual]) == [manual]


def test_partial_overlap_shows_both() -> None:
    auto = record("校准", "13:50", "14:11", SO2, channel=Channel.AUTO)
    manual = record("校准", "13:51", "14:16", SO2)
    assert shown([auto, manual]) == [auto, manual]


def test_a_proposed_or_foreign_mark_hides_nothing() -> None:
    auto = record("校准", "13:52", "14:11", SO2, channel=Channel.AUTO)
    proposed = record("校准", "13:51", "14:16", SO2, state=MarkState.PROPOSED)
    other = record("校准", "13:51", "14:16", "a21002")
    assert shown([auto, proposed, other]) == [auto, proposed, other]


def test_t_m3_span_of_marked_minutes_includes_the_last() -> None:
    mark = record("校准", "14:43", "14:51", SO2)
    assert mark.minutes == 9


def test_standard_check_is_named_after_its_record_and_a_stop_is_no_automatic_mark() -> None:
    minutes = flags(
        ("14:10", "14:19", Cause.CALIBRATION),
        ("15:10", "15:19", Cause.CALIBRATION),
        ("16:00", "16:30", Cause.STOPPED),
    )
    marks = from_causes(OUTLET, "w01018", minutes, checks=[(at("15:10"), at("15:20"))])
    assert [one.code for one in marks] == ["校准", "标样核查"]


def test_lost_link_is_an_interruption() -> None:
    (mark,) = from_causes(OUTLET, SO2, flags(("14:10", "14:19", Cause.NO_LINK)))
    assert (mark.kind, mark.code) == (MarkKind.INTERRUPTION, "通讯中断")


def test_equal_spans_of_several_factors_are_one_record() -> None:
    marks = [
        record("校准", "14:00", "14:09", "a21026"),
        record("校准", "14:00", "14:09", "a21002"),
        record("校准", "14:00", "14:10", "a21005"),
    ]
    found = together(marks)
    assert [one.factors for one in found] == [("a21026", "a21002"), ("a21005",)]


def test_order_of_marks_does_not_matter() -> None:
    marks = from_causes(OUTLET, SO2, T_M6)
    mixed = marks[:]
    random.Random(5).shuffle(mixed)
    assert chains(mixed, SO2) == chains(marks, SO2)
