"""Mass of lost days of a water outlet (HJ 356-2019 §6-8, K). Concentration is never substituted."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DAY_S = 86_400
LOOK_BACK_DAYS = 30
MANUAL_VALUES = 4
MANUAL_GAP_S = 6 * 3600


@dataclass(frozen=True, slots=True)
class DayMass:
    """One local day: its own mass in the factor's amount unit where the day is valid."""

    start: int
    mass: float | None
    dry: bool = False
    """No discharge all day: nothing is owed and nothing is substituted (WAT-24)."""


@dataclass(frozen=True, slots=True)
class DaySubstitute:
    """What stands for a lost day; None with a reason where the rules give none."""

    start: int
    mass: float | None
    reason: str


def manual_mean(values: Sequence[tuple[int, float]], *, start: int) -> float | None:
    """Give the mean of a day's manual values: at least 4 and at most 6 h apart (WAT-29b).

    `values` are (moment, value). Midnight to the first and the last to midnight are not gaps (I).
    """
    day = sorted((at, value) for at, value in values if start <= at < start + DAY_S)
    if len(day) < MANUAL_VALUES:
        return None
    if any(b[0] - a[0] > MANUAL_GAP_S for a, b in itertools.pairwise(day)):
        return None
    return sum(value for _, value in day) / len(day)


def substitute_day(
    day: DayMass,
    history: Iterable[DayMass],
    *,
    passed_at: int | None,
    repair: bool = False,
    manual: Sequence[tuple[int, float]] = (),
    volume_m3: float | None = None,
    scale: float = 1e-3,
) -> DaySubstitute | None:
    """Give what stands for a day that could not be computed; None for a day that needs nothing.

    In repair manual values go first, times the day's volume and `scale` (WAT-29b). Else the
    largest valid day mass of the 30 days before the last passed check (WAT-29a); `passed_at` is
    its moment, None without a record: then the days before the lost one count (I).
    """
    if day.mass is not None or day.dry:
        return None
    if repair:
        mean = manual_mean(manual, start=day.start)
        if mean is not None and volume_m3 is not None:
            return DaySubstitute(day.start, mean * volume_m3 * scale, "manual values")
    before = day.start if passed_at is None else min(passed_at, day.start)
    past = [
        one.mass
        for one in history
        if one.mass is not None
        and not one.dry
        and one.start + DAY_S <= before
        and one.start + DAY_S > before - LOOK_BACK_DAYS * DAY_S
    ]
    if not past:
        return DaySubstitute(day.start, None, "no valid day to look back on")
    return DaySubstitute(day.start, max(past), f"max of {len(past)} valid d before the last check")


def effective_rate(*, due: int, valid: int) -> float | None:
    """Give a month's share of valid values in percent; 90 at least (WAT-30). None if none due."""
    return None if due <= 0 else valid / due * 100
