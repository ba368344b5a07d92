"""Hours: out of minutes for continuous instruments, out of results for batch analyzers."""

from __future__ import annotations

from dataclasses import replace

from agent.model import Cause, Period, Statistic
from agent.stats import amounts, parts
from agent.stats.causes import dominant
from agent.stats.minutes import of_minutes
from agent.stats.rule import PeriodRule, Rows
from agent.stats.summary import Tally, summary

NO_DISCHARGE = "no discharge: measured flow is zero"
NO_RESULT = "no result of this sampling hour"


def continuous_hour(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make the hour of a continuous instrument (STAT-04, STAT-06, STAT-07, WAT-21a)."""
    row = of_minutes(rule, period, rows, needed=rule.needs.minutes)
    minutes = parts.newest(rows.statistics, period)
    stopped = sum(1 for one in minutes if not one.valid and one.cause is Cause.STOPPED)
    if rule.medium == "gas" and not row.valid and stopped > rule.needs.stopped_minutes:
        return replace(row, cause=Cause.STOPPED)
    return _discharged(rule, row, rows.flow)


def batch_hour(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make the hour of a batch analyzer: its result of that sampling hour (WAT-04, WAT-05).

    Several results of one hour are averaged. No result is no value, never an older one (WAT-06,
    WAT-07).
    """
    pieces = parts.of_measurements(rows.measurements, period)
    if not pieces:
        return _without_result(rule, period, rows)
    row = summary(rule, period, pieces, tally=Tally(due=1, needed=1))
    return _discharged(rule, amounts.with_mass(rule, row, rows.flow), rows.flow)


def _discharged(rule: PeriodRule, row: Statistic, flow: Statistic | None) -> Statistic:
    """Take the validity of an hour of water whose flow was measured and was zero (WAT-24).

    Value and cause stay what the instrument said, and its mass is nothing: that was measured.
    """
    if rule.medium != "water" or rule.is_flow or not row.valid or not rule.no_discharge(flow):
        return row
    return amounts.with_reason(replace(row, valid=False), NO_DISCHARGE)


def _without_result(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Say why there is none: no discharge, the analyzer's state, not due, or not known."""
    due = 1 if rule.cycle_min is None or rule.cycle_min <= 60 else 0
    states = [one.cause for one in rows.samples if period.start <= one.at < period.end]
    if rule.no_discharge(rows.flow):
        cause, reason = Cause.STOPPED, NO_DISCHARGE
    elif states and dominant(states) is not Cause.NORMAL:
        cause, reason = dominant(states), NO_RESULT
    elif not due:
        cause, reason = Cause.NORMAL, f"not due: one result in {rule.cycle_min} min"
    else:
        cause, reason = (Cause.FAULT if states else rows.absent), NO_RESULT
    row = summary(rule, period, (), tally=Tally(due, needed=1, absent=rows.absent, cause=cause))
    return replace(row, reason=reason)
