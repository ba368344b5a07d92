"""How the daemon looks through its memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from agent import collector


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_stands_is_looked_through_no_more() -> None:
    stands = [[] for _ in range(100)]
    collector.spare()
    assert not any(one is stands for one in gc.get_objects())
    assert gc.get_freeze_count() > len(stands)


def test_rings_made_later_are_still_found() -> None:
    class Ring:
        def __init__(self) -> None:
            self.own = self

    collector.spare()
    gc.collect()
    Ring()
    assert gc.collect() > 0


def test_looks_are_further_apart() -> None:
    before = gc.get_threshold()
    collector.spare()
    assert gc.get_threshold() > before
