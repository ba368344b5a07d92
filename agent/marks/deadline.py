"""Until when a mark may be entered by hand (MARK-06; nobody saw the rule's own wording)."""

from __future__ import annotations

from protocols.hj212.times import BEIJING_OFFSET_S

CUTOFF_HOUR = 12
"""Noon of the next local day: platforms publish a day shortly after 13:00."""
_DAY_S = 86_400


def cutoff(end: int, *, hour: float = CUTOFF_HOUR) -> int:
    """Give the last moment for a mark whose last minute ends at `end`."""
    local_day = (end - 60 + BEIJING_OFFSET_S) // _DAY_S * _DAY_S - BEIJING_OFFSET_S
    return local_day + _DAY_S + int(hour * 3600)
