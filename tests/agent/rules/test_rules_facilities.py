"""State and run time of treatment equipment by its contacts."""

from __future__ import annotations

import pytest

from agent.rules.facilities import Contact, Spell, in_old, run_hours, state_of

H = 3600.0


@pytest.mark.parametrize(
    ("contacts", "state", "old"),
    [
        ([("run", True)], 1, 1),
        ([("run", False)], 0, 0),
        ([("run", None)], None, None),
        ([("run", False), ("pump", True)], 1, 1),
        ([("run", False), ("pump", None)], None, None),
        ([("run", False), ("power", True)], 0, 0),
        ([("power", True)], 1, 1),
        ([("power", False)], 0, 0),
        ([("run", True), ("maintenance", True)], 3, 1),
        ([("run", False), ("maintenance", True)], 3, 0),
        ([("calibration", True), ("maintenance", True)], 2, 0),
        ([("run", None), ("maintenance", False)], None, None),
        ([("maintenance", False)], None, None),
        ([], None, None),
    ],
)
def test_state_is_what_the_contacts_tell(
    contacts: list[tuple[str, bool | None]], state: int | None, old: int | None
) -> None:
    given = [Contact(*one) for one in contacts]
    assert state_of(given) == state
    if state is not None:
        assert in_old(state, given) == old


@pytest.mark.parametrize(
    ("spells", "hours"),
    [
        ([], None),
        ([("run", True, 0, 10)], 10.0),
        ([("run", True, -5, 3), ("run", False, 3, 24)], 3.0),
        ([("run", False, 0, 24)], 0.0),
        ([("run", True, 20, 30)], 4.0),
        ([("run", True, 2, 6), ("pump", True, 4, 9), ("run", True, 12, 13)], 8.0),
        ([("run", False, 0, 24), ("power", True, 0, 24)], 0.0),
        ([("power", True, 0, 24)], 24.0),
        ([("maintenance", True, 0, 24)], None),
        ([("run", True, 30, 40)], None),
    ],
)
def test_run_time_is_what_is_known_of_the_day(
    spells: list[tuple[str, bool, float, float]], hours: float | None
) -> None:
    given = [Spell(means, on, start * H, end * H) for means, on, start, end in spells]
    assert run_hours(given, start=0.0, end=24 * H) == hours
