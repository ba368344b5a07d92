"""Rows kept by columns are the rows they were made of."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.rows import Rows, columns_of, joined


class Line(NamedTuple):
    """Some row."""

    name: str
    value: float | None


lines = st.lists(
    st.builds(Line, name=st.text(max_size=3), value=st.none() | st.floats(allow_nan=False)),
    min_size=1,
)
A, B, C = Line("a", 1.0), Line("b", None), Line("c", 3.0)


def rows(*given: Line) -> Rows[Line]:
    return Rows(Line._make, columns_of(given))


@given(lines)
def test_they_are_what_they_were_made_of(given: list[Line]) -> None:
    kept = rows(*given)
    assert kept == given
    assert given == kept
    assert [*kept] == given
    assert [*reversed(kept)] == given[::-1]
    assert {type(one) for one in kept} == {Line}
    assert (len(kept), repr(kept)) == (len(given), repr(given))
    assert [kept[place] for place in range(-len(given), len(given))] == given * 2


def test_a_part_of_them_is_kept_by_columns_too() -> None:
    part = rows(A, B, C)[1:]
    assert isinstance(part, Rows)
    assert part == [B, C]
    assert columns_of(part) == (("b", "c"), (None, 3.0))


def test_others_are_not_equal() -> None:
    assert rows(A, B) != [A]
    assert rows(A, B) != rows(A, C)
    assert rows(A) != "a"
    assert rows(A) != A.name


def test_a_place_behind_the_last_is_an_error() -> None:
    with pytest.raises(IndexError):
        rows(A)[1]


def test_nobody_can_change_them() -> None:
    with pytest.raises(TypeError):
        rows(A)[0] = B  # type: ignore[index]


@pytest.mark.parametrize("parts", [[], [[A]], [[A], [B, C]], [[A], []]])
def test_joined_they_follow_each_other(parts: list[list[Line]]) -> None:
    whole = [one for part in parts for one in part]
    assert [*joined(parts)] == whole
    full = [rows(*part) for part in parts if part]
    assert [*joined(full)] == whole
    assert [*joined([*full, [C]])] == [*whole, C]


def test_columns_of_nothing_are_none() -> None:
    assert columns_of([]) == ()
