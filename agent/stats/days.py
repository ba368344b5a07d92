"""Days out of hours, months out of days."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

from agent.model import Cause, Period, Statistic
from agent.stats import amounts, parts
from agent.stats.means import ion_mean, shown
from agent.stats.minutes import weights
from agent.stats.rule import PeriodRule, Rows
from agent.stats.summary import Tally, summary
from protocols.hj212.times import BEIJING_OFFSET_S


def gas_day(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a gas day: arithmetic mean of its valid hours (STAT-08).

    Stopped hours leave `due` (STAT-07); with `fixed_20` twenty valid hours are needed even so.
    """
    pieces = parts.of_statistics(rows.statistics, period)
    stopped = [part for part in pieces if part.cause is Cause.STOPPED]
    running = [part for part in pieces if part.cause is not Cause.STOPPED]
    due = _hours(period) - len(stopped)
    tally = Tally(
        due,
        needed=rule.needs.hours if rule.day_rule == "fixed_20" else rule.needs.share * due,
        missing=max(0, due - len(running)),
        absent=rows.absent,
        aside=stopped,
    )
    row = summary(rule, period, running, tally=tally)
    return amounts.with_sum(rule, row, pieces)


def water_day(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a day of water, or of any other medium but gas (WAT-20, WAT-20a, WAT-21, WAT-24).

    Concentrations are weighted by the hours' measured volumes, the rest is arithmetic. Hours of
    measured zero flow leave value and `due` of everything but the flow itself.
    """
    dry = _dry_hours(rule, period, rows)
    pieces = _pieces(period, rows, dry=dry)
    due = _results_due(rule, _hours(period) - len(dry))
    tally = Tally(
        due,
        needed=rule.needs.share * due,
        missing=max(0, due - len(pieces)),
        absent=rows.absent,
        weights=weights(rule, period, rows),
        cause=Cause.STOPPED if not due and dry else None,
    )
    row = amounts.with_sum(rule, summary(rule, period, pieces, tally=tally), pieces)
    return amounts.with_reason(row, f"no discharge in {len(dry)} h") if dry else row


def ion_mean_of_day(rule: PeriodRule, period: Period, rows: Rows) -> float | None:
    """Give the pH of a valid water day's mean acidity, of the hours that are in its plain mean.

    WAT-23: for display beside that mean; None where no hour counts.
    """
    pieces = _pieces(period, rows, dry=_dry_hours(rule, period, rows))
    return ion_mean(part.avg for part in shown(pieces, Cause.NORMAL) if part.avg is not None)


def gas_month(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a gas month: arithmetic mean of its valid days (STAT-09)."""
    needed = rule.needs.february_days if _month(period) == 2 else rule.needs.days
    days = parts.newest(rows.statistics, period)
    return _of_days(rule, period, rows, days=days, due=_days(period), needed=needed)


def water_month(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a month of water, or of any other medium but gas: mean of its valid days (WAT-21).

    A day without any discharge leaves `due`, as its hours left the day (WAT-24).
    """
    days = parts.newest(rows.statistics, period)
    counted = [day for day in days if day.due > 0]
    due = _days(period) - (len(days) - len(counted))
    return _of_days(rule, period, rows, days=counted, due=due, needed=rule.needs.share * due)


def _of_days(
    rule: PeriodRule,
    period: Period,
    rows: Rows,
    *,
    days: Sequence[Statistic],
    due: int,
    needed: float,
) -> Statistic:
    pieces = parts.of_statistics(days, period)
    tally = Tally(
        due,
        needed,
        missing=max(0, due - len(pieces)),
        absent=rows.absent,
        cause=Cause.STOPPED if not due else None,
    )
    return amounts.with_sum(rule, summary(rule, period, pieces, tally=tally), pieces)


def _pieces(period: Period, rows: Rows, *, dry: Collection[int]) -> list[parts.Part]:
    """Give the hours of a water day but for those without discharge, and those not due at all."""
    hours = [
        row
        for row in parts.newest(rows.statistics, period)
        if row.period.start not in dry and (row.due > 0 or row.cause is not Cause.NORMAL)
    ]
    return parts.of_statistics(hours, period)


def _dry_hours(rule: PeriodRule, period: Period, rows: Rows) -> set[int]:
    """Give the starts of the hours of measured zero flow; none for the flow itself."""
    if rule.is_flow:
        return set()
    flows = parts.newest(rows.flow_statistics, period)
    return {flow.period.start for flow in flows if rule.no_discharge(flow)}


def _results_due(rule: PeriodRule, hours: int) -> int:
    """Give how many hour values are due in so many hours; a slow analyzer owes fewer (WAT-07)."""
    cycle_min = rule.cycle_min or 60
    return hours if cycle_min <= 60 else hours * 60 // cycle_min


def _hours(period: Period) -> int:
    return period.length_s // 3600


def _days(period: Period) -> int:
    return period.length_s // 86_400


def _month(period: Period) -> int:
    local = datetime.datetime.fromtimestamp(period.start + BEIJING_OFFSET_S, datetime.UTC)
    return local.month
