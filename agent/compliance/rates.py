"""Transmission, validity and effective transmission of an outlet-day (domain rules §8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

CHECKED = frozenset({"w01018", "w21003", "w21011", "w21001"})
"""COD, NH3-N, TP, TN may lose one hour a day to the automatic standard check (§4.3, P)."""


@dataclass(frozen=True, slots=True)
class Group:
    """One outlet-hour: how many values were due and came, and whether all of it was valid.

    `excused` groups leave every count: a published stop (MARK-09), one hour of standard check,
    what was not the unit's fault.
    """

    start: int
    due: int
    received: int
    valid: bool
    excused: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares in percent; None where nothing was due. The counts carry the platform's names."""

    transmission: float | None
    validity: float | None
    effective: float | None
    due_values: int
    received_values: int
    due_groups: int
    valid_groups: int
    excused: int


def rates(groups: Iterable[Group]) -> Rates:
    """Give the rates: received of due values, times valid of due groups.

    Once with the rows as they were sent (immediate), once after marks and supplements (completed).
    """
    everything = list(groups)
    counted = [one for one in everything if not one.excused]
    due = sum(one.due for one in counted)
    received = sum(min(one.received, one.due) for one in counted)
    owed = [one for one in counted if one.due > 0]
    valid = sum(1 for one in owed if one.valid)
    transmission = received / due * 100 if due else None
    validity = valid / len(owed) * 100 if owed else None
    effective = None
    if transmission is not None and validity is not None:
        effective = transmission * validity / 100
    return Rates(
        transmission,
        validity,
        effective,
        due_values=due,
        received_values=received,
        due_groups=len(owed),
        valid_groups=valid,
        excused=len(everything) - len(counted),
    )


def excuse_check(groups: Iterable[Group], check_hours: Collection[int]) -> list[Group]:
    """Excuse the first hour of a day that an automatic standard check cost; further ones count."""
    found: list[Group] = []
    used = False
    for one in sorted(groups, key=lambda one: one.start):
        free = one.start in check_hours and not one.valid and not one.excused and not used
        used = used or free
        found.append(replace(one, excused="标样核查") if free else one)
    return found
