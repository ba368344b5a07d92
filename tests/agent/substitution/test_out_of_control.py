"""Stretches out of control, overdue, and what failed checks make invalid."""

from __future__ import annotations

import random

from agent.substitution import Check, Verdict, failed_checks, out_of_control
from agent.substitution.control import hours_touched
from protocols.hj212.times import parse_wire_time

DAY = 86_400
PASS, FAIL, OUT = Verdict.PASS, Verdict.FAIL, Verdict.OUT_OF_CONTROL


def at(day: int, clock: str = "0800") -> int:
    return int(parse_wire_time(f"202603{day:02d}{clock}00"))


def test_t_w27_invalid_from_the_last_pass_to_the_next() -> None:
    checks = [Check(at(1), PASS), Check(at(2), OUT), Check(at(2, "1100"), PASS)]
    (found,) = failed_checks(checks, until=at(9))
    assert (found.start, found.end, found.passed_at) == (at(1), at(2, "1100"), at(1))


def test_failed_check_without_a_pass_before_it_reaches_back_to_itself_only() -> None:
    (found,) = failed_checks([Check(at(2), FAIL)], until=at(3))
    assert (found.start, found.end, found.passed_at) == (at(2), at(3), None)


def test_two_failures_in_a_row_are_one_stretch() -> None:
    checks = [Check(at(1), PASS), Check(at(2), FAIL), Check(at(2, "0900"), FAIL)]
    (found,) = failed_checks([*checks, Check(at(3), PASS)], until=at(9))
    assert (found.start, found.end) == (at(1), at(3))


def test_qc_03_out_of_control_runs_from_the_discovery_to_the_pass() -> None:
    checks = [Check(at(1), PASS), Check(at(2), OUT), Check(at(2, "1100"), PASS)]
    (found,) = out_of_control(checks, until=at(9))
    assert (found.start, found.end, found.why) == (at(2), at(2, "1100"), "out_of_control")
    assert found.passed_at == at(1)


def test_plain_failure_is_not_out_of_control_and_renews_nothing() -> None:
    checks = [Check(at(1), PASS), Check(at(2, "0700"), FAIL)]
    assert out_of_control(checks, until=at(9)) == []
    (found,) = out_of_control(checks, until=at(3), period_s=DAY)
    assert (found.start, found.end, found.why) == (at(2), at(3), "overdue")


def test_qc_02_overdue_runs_from_the_due_time_to_the_next_pass() -> None:
    checks = [Check(at(1), PASS), Check(at(3), PASS), Check(at(4), PASS)]
    (found,) = out_of_control(checks, until=at(5), period_s=DAY)
    assert (found.start, found.end, found.why) == (at(2), at(3), "overdue")


def test_overdue_that_proves_to_be_out_of_control_is_two_stretches() -> None:
    checks = [Check(at(1), PASS), Check(at(3), OUT), Check(at(4), PASS)]
    found = out_of_control(checks, until=at(5), period_s=DAY)
    assert [(one.start, one.end, one.why) for one in found] == [
        (at(2), at(3), "overdue"),
        (at(3), at(4), "out_of_control"),
    ]


def test_absent_records_prove_nothing_overdue() -> None:
    assert out_of_control([], until=at(9), period_s=DAY) == []


def test_still_out_of_control_ends_at_the_present() -> None:
    (found,) = out_of_control([Check(at(2), OUT)], until=at(3))
    assert (found.end, found.passed_at) == (at(3), None)


def test_order_of_checks_does_not_matter() -> None:
    checks = [Check(at(1), PASS), Check(at(3), OUT), Check(at(4), PASS), Check(at(7), FAIL)]
    mixed = checks[:]
    random.Random(1).shuffle(mixed)
    assert out_of_control(mixed, until=at(9), period_s=DAY) == out_of_control(
        checks, until=at(9), period_s=DAY
    )
    assert failed_checks(mixed, until=at(9)) == failed_checks(checks, until=at(9))


def test_hours_that_a_stretch_touches() -> None:
    stretches = out_of_control([Check(at(2, "0830"), OUT), Check(at(2, "1000"), PASS)], until=at(9))
    found = hours_touched(stretches, start=at(2, "0700"), end=at(2, "1200"))
    assert found == {at(2, "0800"): "out_of_control", at(2, "0900"): "out_of_control"}
