"""What holds for any samples and any marks whatever, from samples to months."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recompute_files import SITE

from agent.model import Cause, Kind, Mark, MarkKind, MarkState, Sample, Statistic
from agent.plan import OutletPlan, make_plan
from agent.settings import parse_site
from agent.tools.recompute.course import Recomputed
from agent.tools.recompute.replay import replay
from protocols.hj212.times import parse_wire_time

START = parse_wire_time("20260331220000")
"""Two hours before a month's end."""
HOURS = 3
GAS = ("a21026", "a19001", "a00000")

patient = settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
causes = st.sampled_from([Cause.NORMAL] * 6 + list(Cause))


@cache
def outlet() -> OutletPlan:
    found = make_plan(parse_site(SITE.encode())[0]).outlets["DA001"]
    factors = {code: replace(found.factors[code], poll_s=60.0) for code in GAS}
    return replace(found, factors=factors)


@st.composite
def courses(draw: st.DrawFn) -> list[Sample]:
    """Draw three hours of a sample a minute: each factor in stretches, some minutes missing."""
    found = []
    for code in GAS:
        top = 24.0 if code == "a19001" else 500.0
        stretches = draw(st.lists(st.tuples(st.floats(0, top), causes), min_size=2, max_size=6))
        missing = draw(st.sets(st.integers(0, HOURS * 60 - 1), max_size=12))
        for minute in range(HOURS * 60):
            value, cause = stretches[minute * len(stretches) // (HOURS * 60)]
            if minute not in missing:
                at = START + minute * 60 + 1.0
                found.append(Sample("DA001", code, at, value + minute % 7 / 7, cause))
    return found


@st.composite
def some_marks(draw: st.DrawFn) -> list[Mark]:
    found = []
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(-30, HOURS * 60))
        length = draw(st.integers(1, 90))
        begin = int(START) + first * 60
        found.append(
            Mark(
                "DA001",
                draw(st.sampled_from([None, *GAS])),
                draw(st.sampled_from(list(MarkKind))),
                draw(st.sampled_from(["校准", "故障", "停运", "启炉"])),
                begin,
                begin + length * 60,
                draw(st.sampled_from([MarkState.CONFIRMED] * 3 + [MarkState.PROPOSED])),
            )
        )
    return found


def played(samples: list[Sample], marks: list[Mark] | None = None) -> list[Recomputed]:
    ordered = sorted(samples, key=lambda one: one.at)
    return list(replay([outlet()], ordered, marks=marks or ()))


def columns(row: Recomputed) -> tuple[Statistic, Statistic, Statistic]:
    return row.reported, row.after_marks, row.after_exemptions


@patient
@given(courses(), st.randoms())
def test_order_of_samples_does_not_matter(samples, random) -> None:
    mixed = list(samples)
    random.shuffle(mixed)
    assert played(mixed) == played(samples)


@patient
@given(courses(), some_marks())
def test_means_lie_between_least_and_greatest_in_every_column(samples, marks) -> None:
    for row in played(samples, marks):
        for one in columns(row):
            for low, avg, high in (
                (one.min, one.avg, one.max),
                (one.zs_min, one.zs_avg, one.zs_max),
            ):
                if avg is None:
                    assert low is None and high is None
                else:
                    assert low is not None and high is not None
                    assert low <= avg <= high


@patient
@given(courses(), some_marks())
def test_amounts_add_up_over_hours_days_and_months(samples, marks) -> None:
    shorter = {Kind.DAY: Kind.HOUR, Kind.MONTH: Kind.DAY}
    amounts: defaultdict[tuple[int, str, Kind], list[tuple[int, float]]] = defaultdict(list)
    rows = [
        (number, one) for row in played(samples, marks) for number, one in enumerate(columns(row))
    ]
    for number, one in rows:
        if one.cou is not None:
            key = (number, one.factor, one.period.kind)
            amounts[key].append((one.period.start, one.cou))
    for number, one in rows:
        if one.period.kind in shorter:
            parts = [
                cou
                for start, cou in amounts[number, one.factor, shorter[one.period.kind]]
                if one.period.start <= start < one.period.end
            ]
            assert one.cou == (math.fsum(parts) if parts else None)


@patient
@given(courses(), some_marks())
def test_mark_never_touches_what_was_reported_and_taken_away_leaves_no_trace(
    samples, marks
) -> None:
    plain = played(samples)
    with_marks = played(samples, marks)
    assert [row.reported for row in with_marks] == [row.reported for row in plain]
    assert [row.samples for row in with_marks] == [row.samples for row in plain]
    refused = [
        Mark(m.outlet, m.factor, m.kind, m.code, m.start, m.end, MarkState.REFUSED) for m in marks
    ]
    assert played(samples, refused) == plain


@patient
@given(courses(), some_marks())
def test_marks_only_take_away(samples, marks) -> None:
    for row in played(samples, marks):
        if (
            row.reported.period.kind is not Kind.MINUTE
            and row.reported.period.kind is not Kind.HOUR
        ):
            continue
        assert row.reported.valid or not row.after_marks.valid
        assert row.after_marks.valid or not row.after_exemptions.valid


@patient
@given(courses())
def test_without_marks_the_columns_are_the_reported_one(samples) -> None:
    for row in played(samples):
        assert row.after_marks == row.after_exemptions
        assert row.after_marks.valid == row.reported.valid
        if row.reported.valid:
            assert row.after_marks == row.reported
        else:
            assert (row.after_marks.avg, row.after_marks.zs_avg) == (None, None)
