"""When an instrument was out of control, by its calibrations and checks (QC-02, QC-03, WAT-27)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.substitution.drift import Verdict

Why = Literal["out_of_control", "overdue", "failed_check"]


@dataclass(frozen=True, slots=True)
class Check:
    """One calibration or check of one factor; `at` is its end, UTC epoch seconds."""

    at: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Uncontrolled:
    """A stretch in which an instrument proves nothing. `end` is exclusive.

    `passed_at` is the last passing calibration before it: what substitution counts back from.
    """

    start: int
    end: int
    why: Why
    passed_at: int | None


def out_of_control(
    checks: Iterable[Check], *, until: int, period_s: int | None = None
) -> list[Uncontrolled]:
    """Give the stretches out of control of a gas instrument up to `until`.

    From the discovery to the next pass (QC-03); with `period_s`, the time between calibrations of
    HJ 75-2017 Table 4, also from the moment one was due to the next pass (QC-02). Before the
    first pass nothing is overdue: absent records prove nothing.
    """
    found: list[Uncontrolled] = []
    passed: int | None = None
    since: int | None = None
    why: Why = "out_of_control"
    for one in (*sorted(checks, key=lambda one: one.at), None):
        at = until if one is None else min(one.at, until)
        due = None if passed is None or period_s is None else passed + period_s
        if since is None and due is not None and due < at:
            since, why = due, "overdue"
        if one is not None and one.verdict is Verdict.OUT_OF_CONTROL and one.at < until:
            if since is not None and why == "overdue":
                found.append(Uncontrolled(since, at, why, passed))
                since = None
            if since is None:
                since, why = at, "out_of_control"
        ends = one is None or one.verdict is Verdict.PASS
        if ends and since is not None and since < at:
            found.append(Uncontrolled(since, at, why, passed))
        if one is not None and one.verdict is Verdict.PASS:
            passed, since = one.at, None
    return found


def failed_checks(checks: Iterable[Check], *, until: int) -> list[Uncontrolled]:
    """Give what failed checks of a water analyzer make invalid (WAT-27).

    From the last passed check to the failure, and on to the next pass. Without a pass before it a
    failure proves nothing of the time before (I).
    """
    found: list[Uncontrolled] = []
    passed: int | None = None
    since: int | None = None
    for one in sorted(checks, key=lambda one: one.at):
        if one.verdict is Verdict.PASS:
            if since is not None:
                found.append(Uncontrolled(since, one.at, "failed_check", passed))
            passed, since = one.at, None
        elif since is None:
            since = one.at if passed is None else passed
    if since is not None and since < until:
        found.append(Uncontrolled(since, until, "failed_check", passed))
    return found


def hours_touched(stretches: Sequence[Uncontrolled], *, start: int, end: int) -> dict[int, Why]:
    """Give the clock hours of [start, end) that a stretch touches, and why.

    An hour counts from its first touched minute on: a calibration at 08:30 leaves hour 08 out of
    control if it failed.
    """
    return {
        hour: one.why
        for one in stretches
        for hour in range(start, end, 3600)
        if one.start < hour + 3600 and one.end > hour
    }
