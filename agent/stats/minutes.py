"""Minutes out of samples, n minutes out of minutes."""

from __future__ import annotations

from dataclasses import replace

from agent.model import Cause, Kind, Period, Statistic
from agent.stats import amounts, parts
from agent.stats.converted import with_oxygen
from agent.stats.counter import CounterRule, counted
from agent.stats.rule import AmountKind, PeriodRule, Rows
from agent.stats.summary import Tally, summary

MINUTE_S = 60.0


def minute(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a minute: valid with `minute_share` of its due samples normal (STAT-02, STAT-03).

    A minute is converted as a whole, by its own oxygen (STAT-10).
    """
    pieces = parts.of_samples(rows.samples, period)
    if not pieces and rows.slice_s > MINUTE_S:
        row = summary(rule, period, (), tally=Tally(0, needed=1, cause=Cause.NORMAL))
        return replace(row, reason=f"not due: one sample in {rows.slice_s:g} s")
    due = amounts.slices(rows.due, len(pieces))
    # The neighbour may hold one sample of ours, so a single missing one is no sign of trouble.
    missing = max(0, due - len(pieces) - 1)
    tally = Tally(
        due,
        rule.needs.minute_share * due,
        missing=missing,
        absent=rows.absent,
        converts=rule.correction is None,
    )
    row = with_oxygen(rule, summary(rule, period, pieces, tally=tally), rows.oxygen)
    if rule.counter is not None and rule.by_counter:
        return _by_counter(rule.counter, row, rows)
    if rule.is_flow:
        volume = amounts.sampled_volume(rule, pieces, slice_s=rows.slice_s or MINUTE_S / due)
        return replace(row, cou=volume)
    return amounts.with_mass(rule, row, rows.flow)


def _by_counter(rule: CounterRule, row: Statistic, rows: Rows) -> Statistic:
    """Add the volume that the flow's own counter tells, and what happened to it."""
    start, end = row.period.start, row.period.end
    readings = [
        (one.at, one.total)
        for one in rows.samples
        if one.total is not None and start <= one.at < end
    ]
    found = counted(rule, readings, before=rows.total_before)
    row = replace(row, cou=found.volume)
    for note in found.notes:
        row = amounts.with_reason(row, note)
    return row if found.volume is not None else amounts.with_reason(row, "no amount: no counter")


def n_minutes(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make a row of n minutes, valid with three quarters of them valid."""
    return of_minutes(rule, period, rows, needed=rule.needs.share * period.minutes)


def of_minutes(rule: PeriodRule, period: Period, rows: Rows, *, needed: float) -> Statistic:
    """Make any period out of its minutes: mean of the valid ones, amounts as measured.

    What is sampled less than once a minute, which only a file can be, owes as many minutes as it
    has samples (WAT-21a); a gas owes all of them (STAT-04).
    """
    sampled = [one for one in rows.statistics if one.due > 0 or one.cause is not Cause.NORMAL]
    pieces = parts.of_statistics(sampled, period)
    due = minutes = period.length_s // 60
    if rule.medium != "gas" and rows.slice_s > MINUTE_S:
        due = max(1, int(period.length_s // rows.slice_s))
    whole = rule.correction is not None and rule.correction.mode == "hour_ratio"
    by_ratio = whole and period.kind is Kind.HOUR
    tally = Tally(
        due,
        needed * due / minutes,
        missing=max(0, due - len(pieces)),
        absent=rows.absent,
        weights=weights(rule, period, rows),
        converts=not by_ratio,
    )
    row = summary(rule, period, pieces, tally=tally)
    if by_ratio:
        row = with_oxygen(rule, row, rows.oxygen)
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
