"""The read plan: fewest requests, gaps left alone, together stays together, splits."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.plan import HOLE, Span, Want, plan, split
from drivers.profile import Profile


def profile(
    *points: tuple[int, str], together: list[str | None] | None = None, **more: object
) -> Profile:
    rows: list[dict[str, object]] = [
        {"id": f"p{i}", "register": "holding", "address": address, "type": type_}
        for i, (address, type_) in enumerate(points)
    ]
    for row, group in zip(rows, together or [], strict=False):
        row["together"] = group
    return Profile.model_validate(
        {
            "profile": "water/x",
            "name": "x",
            "source": "test",
            "confidence": "manual",
            "driver": "modbus",
            "points": rows,
            **more,
        }
    )


def spans(made: Profile) -> list[tuple[int, int]]:
    return [(span.start, span.count) for span in plan(made)]


def test_neighbours_come_in_one_request() -> None:
    assert spans(profile((0, "float32"), (2, "float32"), (4, "uint16"))) == [(0, 5)]


def test_points_on_the_same_registers_come_in_one_request() -> None:
    assert spans(profile((0, "uint32"), (1, "uint16"), (0, "uint16"))) == [(0, 2)]


def test_a_gap_is_never_read_over_by_default() -> None:
    assert spans(profile((0, "uint16"), (2, "uint16"))) == [(0, 1), (2, 1)]


def test_a_readable_hole_is_bridged_while_that_is_cheaper_than_a_request() -> None:
    near = profile((0, "uint16"), (HOLE + 1, "uint16"), holes="readable")
    far = profile((0, "uint16"), (HOLE + 2, "uint16"), holes="readable")
    assert spans(near) == [(0, HOLE + 2)]
    assert spans(far) == [(0, 1), (HOLE + 2, 1)]


def test_inside_a_block_of_the_profile_any_gap_is_bridged() -> None:
    block = [{"register": "holding", "start": 10, "count": 60}]
    assert spans(profile((10, "uint16"), (69, "uint16"), blocks=block)) == [(10, 60)]
    assert spans(profile((9, "uint16"), (69, "uint16"), blocks=block)) == [(9, 1), (69, 1)]
    assert spans(profile((10, "uint16"), (70, "uint16"), blocks=block)) == [(10, 1), (70, 1)]


def test_a_block_of_another_table_bridges_nothing() -> None:
    block = [{"register": "input", "start": 0, "count": 60}]
    assert spans(profile((0, "uint16"), (5, "uint16"), blocks=block)) == [(0, 1), (5, 1)]


def test_the_limit_of_the_instrument_ends_a_request_between_points_never_within_one() -> None:
    three = profile((0, "float32"), (2, "float32"), (4, "float32"), line={"max_registers": 5})
    assert spans(three) == [(0, 4), (4, 2)]


def test_a_group_stays_in_one_request_with_its_gaps() -> None:
    made = profile((0, "uint16"), (10, "uint16"), (20, "uint16"), together=["g", None, "g"])
    assert spans(made) == [(0, 21)]


def test_a_unit_register_comes_with_its_value() -> None:
    made = Profile.model_validate(
        {
            **profile((0, "uint16")).model_dump(by_alias=True),
            "points": [
                {
                    "id": "w00000",
                    "register": "input",
                    "address": 16,
                    "type": "float32",
                    "unit_from": {"address": 32, "values": {0: "L/s"}},
                }
            ],
        }
    )
    assert spans(made) == [(16, 17)]


def test_tables_are_never_mixed() -> None:
    made = profile((0, "uint16"), state={
        "register": "input", "address": 1, "values": [{"from": 0, "cause": "normal"}],
        "other": "fault",
    })  # fmt: skip
    assert [(span.table, span.start) for span in plan(made)] == [("holding", 0), ("input", 1)]


def fewest(wants: list[tuple[int, int]], limit: int) -> int:
    """Count the requests of the best grouping there is, by trying all of them."""
    ends = sorted(wants)
    for cuts in range(len(ends)):
        for places in combinations(range(1, len(ends)), cuts):
            edges = [0, *places, len(ends)]
            groups = [ends[a:b] for a, b in pairwise(edges)]
            if all(fits(group, limit) for group in groups):
                return len(groups)
    return len(ends)


def fits(group: list[tuple[int, int]], limit: int) -> bool:
    end = group[0][0]
    for first, last in group:
        if first > end:
            return False
        end = max(end, last)
    return end - group[0][0] <= limit


@given(st.lists(st.tuples(st.integers(0, 14), st.sampled_from(["uint16", "float32"])),
                min_size=1, max_size=6), st.integers(2, 8))  # fmt: skip
def test_no_grouping_needs_fewer_requests(points: list[tuple[int, str]], limit: int) -> None:
    made = profile(*points, line={"max_registers": limit})
    wants = [(address, address + (2 if type_ == "float32" else 1)) for address, type_ in points]
    found = plan(made)
    assert len(found) <= fewest(wants, limit)
    for first, last in wants:
        assert any(span.start <= first and last <= span.end for span in found)


def span(*wants: tuple[int, int]) -> Span:
    parts = tuple(Want("holding", first, last) for first, last in wants)
    return Span("holding", wants[0][0], max(last for _, last in wants) - wants[0][0], parts)


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        (span((0, 2), (2, 4), (9, 10)), [(0, 4), (9, 1)]),
        (span((0, 2), (2, 4)), [(0, 2), (2, 2)]),
        (span((0, 2), (2, 4), (4, 5), (5, 6)), [(0, 4), (4, 2)]),
        (span((0, 4), (1, 2), (4, 6)), [(0, 4), (1, 5)]),
        (span((0, 2)), [(0, 2)]),
    ],
)
def test_a_refused_request_is_split_at_its_gaps_first(
    whole: Span, parts: list[tuple[int, int]]
) -> None:
    assert [(part.start, part.count) for part in split(whole)] == parts
