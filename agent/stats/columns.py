"""Three columns of a period: as reported, after marks, after exemptions (STAT-13).

The shortest rows are told what the marks say of them; everything longer is made of those by the
same functions as the reported column. A mark is taken away by leaving it out: nothing is edited.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.gas import INVALID_INPUT
from agent.model import Cause, Mark, MarkKind, MarkState, Measurement, Period, Statistic
from agent.stats.amounts import with_reason
from agent.stats.rule import PeriodRule


class Column(enum.StrEnum):
    """What is taken account of."""

    REPORTED = "reported"
    MARKS = "marks"
    EXEMPTIONS = "exemptions"


STOP = "停运"
EXEMPT = "豁免"
NOT_COMPUTED = "有效数据不足"
"""Why a column has no figures: too little is left."""

_CAUSES = {
    "校准": Cause.CALIBRATION,
    "校验": Cause.CALIBRATION,
    "标样核查": Cause.CALIBRATION,
    "C": Cause.CALIBRATION,
    "故障": Cause.FAULT,
    "D": Cause.FAULT,
    "日常维护": Cause.MAINTENANCE,
    "维护": Cause.MAINTENANCE,
    "M": Cause.MAINTENANCE,
    "通讯中断": Cause.NO_LINK,
    "B": Cause.NO_LINK,
    STOP: Cause.STOPPED,
    "F": Cause.STOPPED,
}


def effect(mark: Mark, column: Column) -> Cause | None:
    """Give the cause that a mark gives what it covers; None where it says nothing of it.

    Marks on the equipment and stops act from the second column on, exemptions in the third. An
    exempt stretch leaves what is due, as a stop does (CMP-06).
    """
    if mark.state is not MarkState.CONFIRMED or column is Column.REPORTED:
        return None
    match mark.kind:
        case MarkKind.EQUIPMENT:
            return _CAUSES.get(mark.code, Cause.MAINTENANCE)
        case MarkKind.INTERRUPTION:
            return Cause.NO_LINK
        case MarkKind.CONDITION if mark.code in (STOP, "F"):
            return Cause.STOPPED
        case MarkKind.EXEMPTION if column is Column.EXEMPTIONS:
            return Cause.STOPPED
    return None


def touching(marks: Iterable[Mark], period: Period, *, outlet: str) -> list[Mark]:
    """Give the marks of an outlet that have to do with a period, in a fixed order."""
    found = [
        one
        for one in marks
        if one.outlet == outlet and one.start < period.end and one.end > period.start
    ]
    return sorted(found, key=lambda one: (one.start, one.end, one.kind, one.code, one.factor or ""))


def relabelled(
    rule: PeriodRule, row: Statistic, marks: Sequence[Mark], column: Column
) -> Statistic:
    """Give the row of a minute as the marks have it: its figures stay, its amount counts no more.

    A mark on what it is calculated of makes it invalid, one on the oxygen leaves it without
    converted value (STAT-12). Of several marks the first that has an effect speaks.
    """
    for mark in marks:
        cause = effect(mark, column)
        if cause is None or mark.start >= row.period.end or mark.end <= row.period.start:
            continue
        if mark.factor in (None, rule.factor, *rule.inputs):
            return _lost(row, cause, _why(rule, mark))
        if rule.correction is not None and mark.factor == rule.correction.oxygen:
            row = replace(row, zs_avg=None, zs_min=None, zs_max=None)
            row = with_reason(row, _why(rule, mark))
    return row


def told(rule: PeriodRule, row: Statistic, marks: Sequence[Mark], column: Column) -> Statistic:
    """Add to the row of a longer period which marks took some of it."""
    acting = (
        one
        for one in touching(marks, row.period, outlet=rule.outlet)
        if effect(one, column) is not None
    )
    concerned = {None, rule.factor, *rule.inputs}
    if rule.correction is not None:
        concerned.add(rule.correction.oxygen)
    reasons = dict.fromkeys(_why(rule, one) for one in acting if one.factor in concerned)
    return with_reason(row, "; ".join(reasons)) if reasons else row


def relabelled_result(
    rule: PeriodRule, result: Measurement, marks: Sequence[Mark], column: Column
) -> Measurement:
    """Give a batch result as the marks have it: more than `marked_minutes` lose its hour."""
    start, end = result.sampled_at, result.sampled_at + 3600
    marked: dict[int, Cause] = {}
    for mark in marks:
        cause = effect(mark, column)
        if cause is not None and mark.factor in (None, rule.factor):
            for minute in range(max(start, mark.start), min(end, mark.end), 60):
                marked.setdefault(minute, cause)
    if len(marked) <= rule.needs.marked_minutes:
        return result
    causes = list(marked.values())
    return replace(result, cause=max(causes, key=lambda one: (causes.count(one), one)))


def computed(row: Statistic) -> Statistic:
    """Give a row of the second and third column: without figures where it is not valid."""
    if row.valid:
        return row
    reason = "; ".join(filter(None, (NOT_COMPUTED, row.reason)))
    return replace(
        row,
        avg=None,
        min=None,
        max=None,
        zs_avg=None,
        zs_min=None,
        zs_max=None,
        reason=reason,
    )


def _lost(row: Statistic, cause: Cause, reason: str) -> Statistic:
    return replace(
        row, valid=False, cause=cause, abnormal=cause, cou=None, share=0.0, reason=reason
    )


def _why(rule: PeriodRule, mark: Mark) -> str:
    why = f"{EXEMPT}: {mark.code}" if mark.kind is MarkKind.EXEMPTION else mark.code
    return why if mark.factor in (None, rule.factor) else f"{INVALID_INPUT}: {mark.factor} {why}"
