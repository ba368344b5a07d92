"""The sum: it starts at 100, knows no floor and forgets after twelve months."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from agent.health.deduction import Deduction, DeductionKind
from protocols.hj212.times import BEIJING_OFFSET_S

FULL = 100.0
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))


@dataclass(frozen=True, slots=True)
class Statement:
    """How an outlet stands at `at`, of what happened after `since`; the newest deduction first."""

    at: float
    since: float
    points: float
    deductions: tuple[Deduction, ...]

    def sums(self) -> dict[DeductionKind, tuple[int, float]]:
        """Give how often each kind was deducted for, and what that came to."""
        found: dict[DeductionKind, tuple[int, float]] = {}
        for one in self.deductions:
            count, points = found.get(one.kind, (0, 0.0))
            found[one.kind] = (count + 1, points + one.points)
        return found


def statement(deductions: Iterable[Deduction], *, now: float) -> Statement:
    """Sum up what was deducted in the twelve months up to `now`. No floor: 100 - 8 x 24 is -92."""
    since = year_before(now)
    counted = [one for one in deductions if since < one.at <= now]
    counted.sort(key=lambda one: (one.at, one.id), reverse=True)
    return Statement(now, since, FULL - sum(one.points for one in counted), tuple(counted))


def year_before(at: float) -> float:
    """Give the same local moment a year earlier; of a 29 February the 28th."""
    local = datetime.datetime.fromtimestamp(at, _ZONE)
    try:
        return local.replace(year=local.year - 1).timestamp()
    except ValueError:
        return local.replace(year=local.year - 1, day=28).timestamp()
