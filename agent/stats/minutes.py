"""Minutes out of samples, n minutes out of minutes."""

from __future__ import annotations

from dataclasses import replace

from agent.model import Period, Statistic
from agent.stats import amounts, parts
from agent.stats.rule import AmountKind, PeriodRule, Rows
from agent.stats.summary import Tally, summary

MINUTE_S = 60.0
N_MINUTES_SHARE = 0.75
"""Share of valid minutes that makes n minutes valid. Source: HJ 212-2017 annex D, as STAT-03."""


def minute(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a minute: valid with `minute_share` of its due samples normal (STAT-02, STAT-03)."""
    pieces = parts.of_samples(rows.samples, period)
    due = amounts.slices(rows.due, len(pieces))
    # The neighbour may hold one sample of ours, so a single missing one is no sign of trouble.
    missing = max(0, due - len(pieces) - 1)
    tally = Tally(due, rule.minute_share * due, missing=missing, absent=rows.absent)
    row = summary(rule, period, pieces, tally=tally)
    if rule.is_flow:
        volume = amounts.sampled_volume(rule, pieces, slice_s=rows.slice_s or MINUTE_S / due)
        return replace(row, cou=volume)
    return amounts.with_mass(rule, row, rows.flow)


def n_minutes(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a row of n minutes, valid with three quarters of them valid."""
    return of_minutes(rule, period, rows, needed=N_MINUTES_SHARE * period.minutes)


def of_minutes(rule: PeriodRule, period: Period, rows: Rows, *, needed: float) -> Statistic:
    """Make any period out of its minutes: mean of the valid ones, amounts as measured."""
    pieces = parts.of_statistics(rows.statistics, period)
    due = period.length_s // 60
    tally = Tally(
        due,
        needed,
        missing=max(0, due - len(pieces)),
        absent=rows.absent,
        weights=weights(rule, period, rows),
    )
    row = summary(rule, period, pieces, tally=tally)
    if rule.amount.kind is AmountKind.VOLUME:
        return amounts.with_sum(rule, row, pieces)
    return amounts.with_mass(rule, row, rows.flow)


def weights(rule: PeriodRule, period: Period, rows: Rows) -> dict[float, float]:
    """Give the valid measured volumes by start of the shorter period; none where not weighted."""
    if not rule.weighted:
        return {}
    return {
        float(row.period.start): row.cou
        for row in parts.newest(rows.flow_statistics, period)
        if row.valid and row.cou is not None and row.cou > 0
    }
