"""One validated hour or day against its limit (CMP-01, CMP-02, CMP-05, CMP-06, CMP-08)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from agent.model import Statistic
from agent.rules.limits import Limit, exceeds, multiple_over

NOT_VALID = "有效数据不足"
NO_CONVERTED = "涉及因子无效"


class Alarm(enum.IntEnum):
    """How platforms number it. Their 2, outside of their own exmin and exmax, is theirs to say."""

    NORMAL = 0
    OVER = 1
    NO_LIMIT = 9


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it. `alarm` is None where there was nothing to judge; `reason` says why.

    `multiple` is by how many times the upper bound a value exceeds it; a lower one has none.
    """

    alarm: Alarm | None
    value: float | None = None
    multiple: float | None = None
    reason: str = ""


def judge(row: Statistic, limit: Limit | None, *, corrected: bool = False) -> Judgement:
    """Judge an hour or a day of any column; a row that is not valid is not judged (CMP-06).

    `corrected`: the converted value is judged, and without one nothing is (CMP-01). A value equal
    to its limit is within it (CMP-05).
    """
    value = row.zs_avg if corrected else row.avg
    if not row.valid:
        return Judgement(None, reason=row.reason or NOT_VALID)
    if value is None:
        return Judgement(None, reason=NO_CONVERTED if corrected else NOT_VALID)
    if limit is None or (limit.high is None and limit.low is None):
        return Judgement(Alarm.NO_LIMIT, value)
    if exceeds(limit, value):
        return Judgement(Alarm.OVER, value, multiple_over(limit, value))
    return Judgement(Alarm.NORMAL, value)
