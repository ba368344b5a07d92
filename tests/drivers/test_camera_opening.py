"""Pictures that come in a burst when a stream is opened are placed at the time they were taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.camera.opening import MOST_HELD, Opening

BURST_S = 2.5


def stream(*, seconds: float, fps: int) -> Iterator[tuple[float, float]]:
    """Give stream time and arrival: what is older than 1000 s comes at once, then live."""
    for number in range(int(seconds * fps)):
        taken = 1000 - BURST_S + number / fps
        yield taken - 900, max(taken, 1000.0) + 0.05


def placed(given: Iterator[tuple[float, float]]) -> list[float]:
    opening, found = Opening(), []
    for stream_s, arrived in given:
        found += [at for at, _, _ in opening.take(stream_s, arrived, key=True, data=b"x")]
    return found


@pytest.mark.parametrize("fps", [5, 10, 25, 50])
def test_burst_at_the_opening_of_a_stream_lies_where_it_was_taken(fps: int) -> None:
    found = placed(stream(seconds=6, fps=fps))
    assert len(found) == 6 * fps
    late = [at - (1000 - BURST_S + number / fps) for number, at in enumerate(found)]
    assert max(late) - min(late) < 0.01
    assert max(late) < 0.06


def test_stream_without_a_burst_waits_for_one_picture_only() -> None:
    opening = Opening()
    counts = [len(list(opening.take(n / 10, 500 + n / 10, key=True, data=b""))) for n in range(4)]
    assert counts == [0, 2, 1, 1]


def test_stream_that_ends_in_its_burst_loses_no_picture() -> None:
    opening = Opening()
    assert [list(opening.take(n / 10, 500.0, key=True, data=b"")) for n in range(5)] == [[]] * 5
    found = [at for at, _, _ in opening.rest()]
    assert found == pytest.approx([499.6, 499.7, 499.8, 499.9, 500.0])
    assert list(opening.rest()) == []


def test_burst_without_end_is_held_within_bounds() -> None:
    opening = Opening()
    given = sum(len(list(opening.take(n / 10, 500.0, key=True, data=b""))) for n in range(1000))
    assert given > 1000 - MOST_HELD
