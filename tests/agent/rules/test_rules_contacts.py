"""When the level of a contact counts."""

from __future__ import annotations

import pytest

from agent.rules import Settled, settle


def looked(*looks: tuple[float, bool | None], debounce_s: float = 1.0) -> list[bool | None]:
    """Give what is known after each look at (seconds, level)."""
    known, said = Settled(), []
    for mono, on in looks:
        known = settle(known, on, mono=mono, debounce_s=debounce_s)
        said.append(known.on)
    return said


def test_level_counts_once_it_stood_for_the_debounce() -> None:
    assert looked((0, True), (0.5, True), (1.0, True)) == [None, None, True]


def test_level_that_went_back_does_not_count() -> None:
    looks = [(0, False), (1, False), (2, True), (2.5, False), (3, True), (3.5, True), (4, True)]
    assert looked(*looks) == [None, False, False, False, False, False, True]


def test_slow_poll_wants_two_looks_that_agree() -> None:
    assert looked((0, False), (10, False), (20, True), (30, True)) == [None, False, False, True]


def test_without_debounce_one_look_is_enough() -> None:
    assert looked((0, True), (1, False), debounce_s=0) == [True, False]


@pytest.mark.parametrize("on", [True, False])
def test_contact_that_cannot_be_read_changes_nothing(on: bool) -> None:
    assert looked((0, on), (1, on), (2, None), (9, None)) == [None, on, on, on]


def test_silence_breaks_a_stand() -> None:
    looks = [(0, False), (1, False), (2, True), (3, None), (4, True), (5, True)]
    assert looked(*looks) == [None, False, False, False, False, True]
