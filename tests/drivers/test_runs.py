"""Points decoded together give what each of them gives alone."""

import random
from collections.abc import Mapping
from typing import Any

import pytest

from drivers.decode import Answer, State, readings_of
from drivers.device import Cause, NoAnswer, Reading, Refused
from drivers.plan import Span, plan
from drivers.profile_model import Profile
from drivers.runs import Columns, runs_of

NORMAL = State(Cause.NORMAL, "idle")


def profile(*points: Mapping[str, Any], **more: Any) -> Profile:
    common = {"register": "holding", "type": "float32", "unit": "mg/L"}
    return Profile.model_validate(
        {
            "profile": "water/some",
            "name": "some",
            "source": "made for this test",
            "confidence": "convention",
            "driver": "modbus",
            "points": [{**common, **point} for point in points],
            **more,
        }
    )


def floats(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": f"p{n}", "address": 2 * n, **more} for n in range(count)]


def answers(found: Profile, seed: int = 1) -> list[Answer]:
    """Give registers of every kind: numbers, NaN, infinities, zeros."""
    draw = random.Random(seed)
    words = (0, 0x7FC0, 0x7F80, 0xFF80, 0x41C0, 0x4178, 0x0010, 0x9999)
    return [
        Answer(span, tuple(draw.choice(words) for _ in range(span.count))) for span in plan(found)
    ]


def one_by_one(found: Profile, given: list[Answer], state: State) -> list[Reading]:
    runs = [
        type(run)((place,), plain=False, want=place.want, columns=Columns.of([place]))
        for run in runs_of(found)
        for place in run.places
    ]
    return readings_of(found, given, state, taken_at=7.0, runs=runs)


@pytest.mark.parametrize("type_", ["float32", "uint16", "int16", "uint32", "int32", "bcd16"])
@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
def test_together_as_each_alone(type_: str, order: str) -> None:
    wide = 2 if type_.endswith("32") else 1
    points = [
        {"id": f"p{n}", "address": wide * n, "type": type_, "order": order, "scale": 0.5 + n}
        for n in range(12)
    ]
    found = profile(*points)
    assert len(runs_of(found)) == 1
    for seed in range(20):
        given = answers(found, seed)
        for state in (NORMAL, State(Cause.MAINTENANCE, "door")):
            together = readings_of(found, given, state, taken_at=7.0)
            assert together == one_by_one(found, given, state)


def test_a_number_that_means_nothing_to_say_is_none_among_others() -> None:
    found = profile(*floats(3, unavailable=[15.0]))
    given = [Answer(plan(found)[0], (0x4178, 0, 0x4170, 0, 0x4178, 0))]
    values = [one.value for one in readings_of(found, given, NORMAL, taken_at=7.0)]
    assert values == [15.5, None, 15.5]


def test_a_gap_another_type_or_table_ends_a_run() -> None:
    found = profile(
        {"id": "a", "address": 0},
        {"id": "b", "address": 2},
        {"id": "c", "address": 6},
        {"id": "d", "address": 8, "type": "uint16"},
        {"id": "e", "address": 9, "type": "uint16", "register": "input"},
    )
    assert [len(run.places) for run in runs_of(found)] == [2, 1, 1, 1]


def test_points_of_one_run_in_two_requests_are_read_each() -> None:
    found = profile(*floats(8), line={"max_registers": 6})
    given = answers(found)
    assert len(given) == 3
    assert len(runs_of(found)) == 1
    assert readings_of(found, given, NORMAL, taken_at=7.0) == one_by_one(found, given, NORMAL)


def test_a_request_that_failed_leaves_its_points_without_value_and_no_others() -> None:
    found = profile(*floats(8), line={"max_registers": 8})
    first, second = plan(found)
    for error, cause in ((NoAnswer("gone"), Cause.NO_LINK), (Refused("no", code=2), Cause.FAULT)):
        given = [Answer(first, (0x4178, 0) * 4), Answer(second, error=error)]
        readings = readings_of(found, given, NORMAL, taken_at=7.0)
        assert [one.value for one in readings] == [15.5] * 4 + [None] * 4
        assert {one.cause for one in readings[4:]} == {cause}


def test_busy_gives_no_reading() -> None:
    found = profile(*floats(2))
    given = [Answer(plan(found)[0], error=Refused("busy", code=6))]
    assert readings_of(found, given, NORMAL, taken_at=7.0) == []


def test_only_results_have_the_time_of_the_result() -> None:
    found = profile(
        *floats(2),
        batch={"cycle_min": 60},
        measured_at={"register": "holding", "address": 4, "format": "hach", "points": ["p0"]},
    )
    span = Span("holding", 0, 8, ())
    values = (0x4178, 0, 0x4178, 0, 2026, 626, 1730, 5)
    readings = readings_of(found, [Answer(span, values)], NORMAL, taken_at=7.0)
    assert [one.measured_at is None for one in readings] == [False, True]
    without = readings_of(
        found, [Answer(span, values)], NORMAL, taken_at=7.0, without=frozenset({"p0"})
    )
    assert [one.point for one in without] == ["p1"]
