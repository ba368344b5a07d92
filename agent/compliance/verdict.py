"""One validated value against its bound (CMP-01…03, CMP-05, CMP-06, CMP-08)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from agent.compliance.bounds import Bound
from agent.model import Statistic

NOT_VALID = "有效数据不足"
NO_CONVERTED = "涉及因子无效"


class Alarm(enum.IntEnum):
    """How platforms number it."""

    NORMAL = 0
    OVER = 1
    ABNORMAL = 2
    NO_BOUNDS = 9


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it. `alarm` is None where there was nothing to judge; `reason` says why.

    `multiple` is by how many times the upper bound a value exceeds it; a lower one has none.
    """

    alarm: Alarm | None
    value: float | None = None
    bound: Bound | None = None
    multiple: float | None = None
    reason: str = ""


def judge(
    row: Statistic,
    bound: Bound | None,
    *,
    corrected: bool = False,
    plausible: tuple[float, float] | None = None,
) -> Judgement:
    """Judge an hour or a day of any column; a row that is not valid is not judged (CMP-06).

    `corrected`: the converted value is judged, and without one nothing is (CMP-01). A value equal
    to its bound is within it (CMP-05). `plausible` is what the platform calls exmin and exmax.
    """
    value = row.zs_avg if corrected else row.avg
    if not row.valid:
        return Judgement(None, reason=row.reason or NOT_VALID)
    if value is None:
        return Judgement(None, reason=NO_CONVERTED if corrected else NOT_VALID)
    return judge_value(value, bound, plausible=plausible)


def judge_value(
    value: float, bound: Bound | None, *, plausible: tuple[float, float] | None = None
) -> Judgement:
    """Judge one value: pH is judged value by value (CMP-03)."""
    if plausible is not None and not plausible[0] <= value <= plausible[1]:
        return Judgement(Alarm.ABNORMAL, value, bound)
    if bound is None or (bound.high is None and bound.low is None):
        return Judgement(Alarm.NO_BOUNDS, value, bound)
    if bound.high is not None and value > bound.high:
        multiple = (value - bound.high) / bound.high if bound.high > 0 else None
        return Judgement(Alarm.OVER, value, bound, multiple)
    if bound.low is not None and value < bound.low:
        return Judgement(Alarm.OVER, value, bound)
    return Judgement(Alarm.NORMAL, value, bound)
