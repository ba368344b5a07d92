"""What is judged together is judged as each would be alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.model import Cause, Sample
from agent.quality.judge import IMPOSSIBLE, PointRule, judge
from agent.quality.panel import Panel
from drivers.device import Reading

NOW = 1_780_000_000.5
CODES = ("a21026", "a21002", "a34013", "a19001")

numbers = st.floats() | st.sampled_from([0.0, -0.0, 5.0, 20.0, -1.0, IMPOSSIBLE, 1e300, 7])
bounds = st.none() | st.sampled_from([-1.0, 0.0, 5.0, 20.0])
units = st.sampled_from(["mg/m3", "ug/m3", "g/m3", "ppm", "", "no such unit"])
rules = st.tuples(
    *[
        st.builds(
            PointRule,
            outlet=st.sampled_from(["DA001", "DA002"]),
            factor=st.just(code),
            unit=st.sampled_from(["mg/m3", "ug/m3", ""]),
            low=bounds,
            high=bounds,
            signed=st.booleans(),
        )
        for code in CODES
    ]
)
readings = st.lists(
    st.builds(
        Reading,
        point=st.sampled_from((*CODES, "other")),
        value=numbers | st.none(),
        unit=units,
        taken_at=st.just(NOW),
        cause=st.sampled_from([Cause.NORMAL, Cause.NORMAL, Cause.CALIBRATION]),
        reason=st.sampled_from(["", "dusty"]),
        measured_at=st.sampled_from([None, None, NOW - 60]),
        raw=st.just(()),
    ),
    max_size=7,
)
well = st.tuples(
    *[
        st.builds(
            Reading,
            point=st.just(code),
            value=st.floats(-30, 30),
            unit=st.sampled_from(["mg/m3", "ug/m3"]),
            taken_at=st.just(NOW),
            cause=st.just(Cause.NORMAL),
            reason=st.just(""),
            measured_at=st.none(),
            raw=st.just(()),
        )
        for code in CODES
    ]
).flatmap(st.permutations)


def panel(*given: PointRule) -> Panel:
    return Panel([(rule.factor, rule) for rule in given])


def one_by_one(found: Sequence[Reading], given: Sequence[PointRule]) -> list[Sample]:
    said = {one.point: one for one in found}
    return [judge(said[rule.factor], rule) for rule in given]


def rule(code: str, **more: object) -> PointRule:
    return PointRule("DA001", code, "mg/m3", **more)  # type: ignore[arg-type]


def reading(code: str, value: float | None, **more: object) -> Reading:
    return Reading(code, value, "mg/m3", NOW)._replace(**more)  # type: ignore[arg-type]


ALL = [rule(code, low=0.0, high=20.0) for code in CODES]
GOOD = [reading(code, 5.0 + n) for n, code in enumerate(CODES)]


@given(rules, st.lists(readings | well, max_size=3))
@example(tuple(ALL), [GOOD, GOOD])
def test_together_is_as_each_alone(given: tuple[PointRule, ...], said: list[list[Reading]]) -> None:
    judges = panel(*given)
    for found in said:
        samples = judges.judged(found)
        if samples is not None:
            assert list(map(repr, samples)) == list(map(repr, one_by_one(found, given)))


def test_what_is_well_is_judged_together() -> None:
    judges = panel(*ALL)
    for found in (GOOD, GOOD[::-1], [*GOOD, reading("other", None)]):
        assert judges.judged(found) == one_by_one(GOOD, ALL)


def test_the_unit_is_that_of_the_moment() -> None:
    judges = panel(*ALL)
    for unit in ("mg/m3", "ug/m3", "mg/m3", "g/m3"):
        found = [one._replace(unit=unit, value=0.01) for one in GOOD]
        assert judges.judged(found) == one_by_one(found, ALL)


@pytest.mark.parametrize(
    "other",
    [
        reading(CODES[1], None),
        reading(CODES[1], math.nan),
        reading(CODES[1], math.inf),
        reading(CODES[1], -IMPOSSIBLE),
        reading(CODES[1], 20.5),
        reading(CODES[1], -0.5),
        reading(CODES[1], 5.0, cause=Cause.MAINTENANCE),
        reading(CODES[1], 5.0, measured_at=NOW - 60),
        reading(CODES[1], 5.0, unit="no such unit"),
        reading(CODES[0], 5.0),
        reading("other", 5.0),
    ],
)
def test_what_is_special_is_left_to_be_judged_one_by_one(other: Reading) -> None:
    judges = panel(*ALL)
    assert judges.judged([GOOD[0], other, *GOOD[2:]]) is None
    assert judges.judged(GOOD) is not None


def test_less_than_nothing_in_water_is_special() -> None:
    judges = panel(rule("w01018", signed=False))
    assert judges.judged([reading("w01018", -0.1)]) is None
    assert judges.judged([reading("w01018", -0.0)]) is not None


def test_nothing_said_is_nothing_judged() -> None:
    assert panel(*ALL).judged([]) is None
    assert panel().judged(GOOD) is None
