"""What contacts say of treatment equipment: its state (2021) and how long it ran (2041). Pure.

Source: HJ 212-2017 §6.6.5 and annex C, table of `SBx-RS` and `SBx-RT`; HJ 212-2025 as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

OFF, ON, CALIBRATION, MAINTENANCE = 0, 1, 2, 3
"""States as `SBx-RS` has them; 4 alarm and 5 back-flush no contact tells of."""
_RUNS = ("run", "pump")
_SWITCHES = {"calibration": CALIBRATION, "maintenance": MAINTENANCE}
HOUR_S = 3600.0
T = TypeVar("T", "Contact", "Spell")


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that tells of equipment. `on` is None where nobody knows how it stands."""

    means: str
    on: bool | None


@dataclass(frozen=True, slots=True)
class Spell:
    """A contact known to stand one way in [start, end)."""

    means: str
    on: bool
    start: float
    end: float


def state_of(contacts: Sequence[Contact]) -> int | None:
    """Give the state of equipment by all its contacts; None where they do not tell.

    A key switch says why equipment stands, and goes first. A running signal or pump tells more
    than power, which is asked where there is neither.
    """
    for means, state in _SWITCHES.items():
        if any(one.means == means and one.on for one in contacts):
            return state
    tells = _telling(contacts)
    if any(one.on for one in tells):
        return ON
    if not tells or any(one.on is None for one in tells):
        return None
    return OFF


def in_old(state: int, contacts: Sequence[Contact]) -> int:
    """Give a state as HJ/T 212-2005 has it, which knows on and off alone."""
    if state in (OFF, ON):
        return state
    return ON if any(one.on for one in _telling(contacts)) else OFF


def run_hours(spells: Sequence[Spell], *, start: float, end: float) -> float | None:
    """Give how many hours of [start, end) equipment is known to have run; None if nobody knew.

    It ran while one of the contacts that tell of it said so. What nobody knew counts as nothing.
    """
    tells = _telling(spells)
    known = _length(tells, start, end)
    if known <= 0:
        return None
    return _length([one for one in tells if one.on], start, end) / HOUR_S


def _telling(contacts: Iterable[T]) -> list[T]:
    every = list(contacts)
    runs = [one for one in every if one.means in _RUNS]
    return runs or [one for one in every if one.means == "power"]


def _length(spells: Iterable[Spell], start: float, end: float) -> float:
    """Give how many seconds of [start, end) lie in at least one of the spells."""
    total, reached = 0.0, start
    for one in sorted(spells, key=lambda one: one.start):
        first, last = max(one.start, reached), min(one.end, end)
        if last > first:
            total, reached = total + last - first, last
    return total
