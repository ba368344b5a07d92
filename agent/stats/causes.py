"""Which cause speaks for a period (STAT-06)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from drivers.device import Cause

# In letters: F > D > B > M > C > T > Td > S. Power has the letter of a fault, so both count as one.
TIE_ORDER: tuple[tuple[Cause, ...], ...] = (
    (Cause.STOPPED,),
    (Cause.FAULT, Cause.POWER),
    (Cause.NO_LINK,),
    (Cause.MAINTENANCE,),
    (Cause.CALIBRATION,),
    (Cause.OVER_RANGE,),
    (Cause.PARAMETER,),
    (Cause.MANUAL,),
)


def dominant(causes: Iterable[Cause]) -> Cause:
    """Give the most frequent cause that is not NORMAL, by STAT-06; NORMAL when there is none."""
    counts: Counter[Cause] = Counter(cause for cause in causes if cause is not Cause.NORMAL)
    if not counts:
        return Cause.NORMAL
    best = max(TIE_ORDER, key=lambda rank: sum(counts[cause] for cause in rank))
    return max(best, key=lambda one: counts[one])
