"""Who waits for the writer, for how long, and with whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from agent.store.waiting import Full, Waiting

LONG_S = 3600.0


@dataclass(frozen=True, slots=True)
class Waiter:
    name: str
    until: float


def patient(name: str) -> Waiter:
    return Waiter(name, time.monotonic() + LONG_S)


def urgent(name: str) -> Waiter:
    return Waiter(name, time.monotonic())


def names(group: list[Waiter]) -> str:
    return "".join(one.name for one in group)


def taken_meanwhile(waiting: Waiting[Waiter], act: Callable[[], None]) -> str:
    """Take a group in a thread of its own while `act` runs; gives who was in it."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(names(waiting.take())), daemon=True)
    thread.start()
    act()
    thread.join(10)
    assert found, "nobody was given a group"
    return found[0]


def test_one_that_has_to_go_takes_all_who_came_before_with_it() -> None:
    waiting: Waiting[Waiter] = Waiting(10, group=5)
    for one in (patient("a"), patient("b"), urgent("c")):
        waiting.put(one)
    assert names(waiting.take()) == "abc"


def test_one_that_has_to_go_wakes_who_waits_for_more() -> None:
    waiting: Waiting[Waiter] = Waiting(10, group=5)
    waiting.put(patient("a"))
    assert taken_meanwhile(waiting, lambda: waiting.put(urgent("b"))) == "ab"


def test_whose_time_is_over_goes_alone() -> None:
    waiting: Waiting[Waiter] = Waiting(10, group=5)
    waiting.put(Waiter("a", time.monotonic() + 0.01))
    assert names(waiting.take()) == "a"


def test_a_full_group_goes_at_once_and_the_rest_waits() -> None:
    waiting: Waiting[Waiter] = Waiting(10, group=2)
    for name in "abcd":
        waiting.put(patient(name))
    assert names(waiting.take()) == "ab"
    assert names(waiting.take()) == "cd"
    waiting.put(patient("e"))
    assert taken_meanwhile(waiting, lambda: waiting.put(patient("f"))) == "ef"


def test_one_left_behind_a_full_group_goes_when_it_has_to() -> None:
    waiting: Waiting[Waiter] = Waiting(10, group=2)
    for one in (patient("a"), patient("b"), urgent("c")):
        waiting.put(one)
    assert names(waiting.take()) == "ab"
    assert names(waiting.take()) == "c"


def test_no_more_wait_than_may() -> None:
    waiting: Waiting[Waiter] = Waiting(2, group=5)
    waiting.put(patient("a"))
    waiting.put(patient("b"))
    with pytest.raises(Full):
        waiting.put(urgent("c"))


def test_at_the_end_the_rest_goes_and_then_nobody() -> None:
    waiting: Waiting[Waiter] = Waiting(10, group=2)
    for name in "abc":
        waiting.put(patient(name))
    waiting.end()
    assert [names(waiting.take()) for _ in range(3)] == ["ab", "c", ""]
    empty: Waiting[Waiter] = Waiting(10, group=2)
    assert taken_meanwhile(empty, empty.end) == ""
