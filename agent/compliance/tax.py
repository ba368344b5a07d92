"""What environmental tax is reckoned with: monthly means, open relief (CMP-09, K)."""

from __future__ import annotations

from collections.abc import Sequence

from agent.compliance.verdict import Alarm, Judgement


def monthly_mean(judged: Sequence[Judgement]) -> float | None:
    """Give the mean of a month's valid values: hours of gas, days of water. None without any."""
    values = [one.value for one in judged if one.value is not None]
    return sum(values) / len(values) if values else None


def relief_open(judged: Sequence[Judgement]) -> bool | None:
    """Say whether every valid hour (gas) or day (water) of a month kept within its limit.

    None where nothing was judged, or some value had no limit to keep.
    """
    alarms = [one.alarm for one in judged if one.alarm is not None]
    if not alarms or Alarm.NO_LIMIT in alarms:
        return None
    return Alarm.OVER not in alarms
