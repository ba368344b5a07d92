"""A period at reference oxygen, converted as a whole by the oxygen of that very period."""

from __future__ import annotations

from dataclasses import replace

from agent.gas import INVALID_INPUT, O2_NEAR_AIR, NotComputable, oxygen_factor
from agent.model import Statistic
from agent.stats.amounts import with_reason
from agent.stats.rule import PeriodRule


def with_oxygen(rule: PeriodRule, row: Statistic, oxygen: Statistic | None) -> Statistic:
    """Add the converted figures of a row, where the agent makes them (CEMS-07…09, STAT-10).

    One period has one factor, from its own mean oxygen: mean and extremes are those of the
    measured value times it. An oxygen that is missing, not valid, or as much as the air's leaves
    no figure (STAT-12, CEMS-08); the measured ones stand. Raises ValueError for the oxygen of
    another period.
    """
    correction = rule.correction
    avg, low, high = row.avg, row.min, row.max
    if correction is None or avg is None or low is None or high is None:
        return row
    if oxygen is None or not oxygen.valid or oxygen.avg is None:
        return with_reason(row, f"{INVALID_INPUT}: {correction.oxygen}")
    if oxygen.period != row.period:
        raise ValueError(f"oxygen of {oxygen.period} given for {row.period}")
    try:
        factor = oxygen_factor(oxygen.avg, reference=correction.reference, intake=correction.intake)
    except NotComputable as error:
        return with_reason(row, f"{INVALID_INPUT}: {correction.oxygen} {error}")
    if oxygen.avg >= correction.suspect:
        row = with_reason(row, f"{O2_NEAR_AIR}: {oxygen.avg:g} %")
    return replace(row, zs_avg=avg * factor, zs_min=low * factor, zs_max=high * factor)
