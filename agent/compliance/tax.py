"""What environmental tax is reckoned with: monthly means, open relief (CMP-09, K)."""

from __future__ import annotations

from collections.abc import Iterable

from agent.compliance.bounds import Bound
from agent.compliance.verdict import Alarm, judge
from agent.model import Statistic


def monthly_mean(rows: Iterable[Statistic], *, corrected: bool = False) -> float | None:
    """Give the mean of a month's valid rows: hours for gas, days for water. None without any."""
    values = [
        value
        for row in rows
        if row.valid and (value := row.zs_avg if corrected else row.avg) is not None
    ]
    return sum(values) / len(values) if values else None


def relief_open(rows: Iterable[Statistic], bound: Bound, *, corrected: bool = False) -> bool:
    """Say whether every valid hour (gas) or day (water) of a month kept within its limit."""
    found = [judge(row, bound, corrected=corrected).alarm for row in rows]
    judged = [alarm for alarm in found if alarm is not None]
    return bool(judged) and all(alarm is Alarm.NORMAL for alarm in judged)
