"""One outlet on its way through time, by the functions of the daemon, in flat memory.

What is held: the samples of the present minute, the minutes of the hour, the hours of the day, the
days of the month. Each of those three times, once for each column (STAT-13).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent import stats
from agent.making import Stock, column_of, made_of, rules_of
from agent.model import Kind, Mark, Measurement, Period, Sample, Statistic
from agent.plan import OutletPlan
from agent.stats import Column
from agent.tools.recompute.lines import TOTAL

KINDS = (Kind.MINUTE, Kind.HOUR, Kind.DAY, Kind.MONTH)
Rows = dict[Column, dict[str, list[Statistic]]]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One period of one factor: as reported, after marks, after exemptions; and its samples."""

    reported: Statistic
    after_marks: Statistic
    after_exemptions: Statistic
    samples: int


def spaced(outlet: OutletPlan, spacing_s: Mapping[str, float], present: set[str]) -> OutletPlan:
    """Give the outlet with the factors that the file has, due as far apart as the file has them.

    A spacing within a tenth of the polling period is that period: labels jitter. What a value is
    made of is known of the whole outlet, in the file or not.
    """
    factors, rules = {}, rules_of(outlet)
    for code, plain in outlet.factors.items():
        if code not in present:
            continue
        one = replace(plain, period=rules[code])
        found = spacing_s.get(code, one.poll_s)
        near = abs(found - one.poll_s) <= one.poll_s / 10
        factors[code] = one if near or one.batch else replace(one, poll_s=found)
    return replace(outlet, factors=factors)


def _empty() -> Rows:
    return {column: {} for column in Column}


@dataclass(slots=True)
class Course:
    """One outlet on its way through time."""

    outlet: OutletPlan
    marks: Sequence[Mark]
    taken: dict[str, dict[tuple[float, float | None, str], Sample]] = field(default_factory=dict)
    results: dict[str, dict[tuple[float, float | None, str], Measurement]] = field(
        default_factory=dict
    )
    seen: dict[str, list[Sample]] = field(default_factory=dict)
    totals: dict[str, dict[float, float]] = field(default_factory=dict)
    before: dict[str, tuple[float, float]] = field(default_factory=dict)
    below: dict[Kind, Rows] = field(default_factory=lambda: defaultdict(_empty))
    counts: dict[Kind, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def is_result(self, sample: Sample) -> bool:
        """Say whether a line is a batch analyzer's result, not its state."""
        one = self.outlet.factors.get(sample.factor)
        return one is not None and one.batch and sample.value is not None

    def take(self, sample: Sample) -> None:
        """Take a sample; one that is told twice is one sample."""
        if sample.factor.endswith(TOTAL):
            if sample.value is not None:
                code = sample.factor.removesuffix(TOTAL)
                self.totals.setdefault(code, {})[sample.at] = sample.value
            return
        key = (sample.at, sample.value, sample.cause.value)
        if self.outlet.factors[sample.factor].batch:
            if not self._take_result(sample, key):
                return
        else:
            known = self.taken.setdefault(sample.factor, {})
            if key in known:
                return
            known[key] = sample
        for kind in KINDS:
            self.counts[kind][sample.factor] += 1

    def _take_result(self, sample: Sample, key: tuple[float, float | None, str]) -> bool:
        """Take a line of a batch factor: its time is that of the sampling, nothing shifts it."""
        if sample.value is None:
            self.seen.setdefault(sample.factor, []).append(sample)
            return True
        known = self.results.setdefault(sample.factor, {})
        if key in known:
            return False
        hour = Period.holding(Kind.HOUR, sample.at).start
        known[key] = Measurement(
            sample.outlet,
            sample.factor,
            self.outlet.factors[sample.factor].device,
            hour,
            sample.at,
            sample.at,
            sample.value,
            sample.cause,
        )
        return True

    def close(self, period: Period) -> Iterator[Recomputed]:
        """Close a period: everything shorter inside of it is closed."""
        if period.kind is Kind.MINUTE and not self.outlet.continuous:
            return
        stock = self._stock(period, Column.REPORTED)
        reported = made_of(self.outlet, period, stock)
        columns = {Column.REPORTED: reported}
        touched = stats.touching(self.marks, period, outlet=self.outlet.id)
        for column in (Column.MARKS, Column.EXEMPTIONS):
            columns[column] = self._column(period, column, reported, touched)
        counts = self.counts.pop(period.kind, Counter())
        for column, rows in columns.items():
            kept = self.below[period.kind][column]
            for row in rows:
                kept.setdefault(row.factor, []).append(row)
        self._forget(period.kind)
        for plain, second, third in zip(*columns.values(), strict=True):
            yield Recomputed(
                plain, stats.computed(second), stats.computed(third), counts[plain.factor]
            )

    def _column(
        self, period: Period, column: Column, reported: list[Statistic], touched: list[Mark]
    ) -> list[Statistic]:
        """Make one of the other columns; where no mark has a say it is the reported one."""
        if not touched:
            return reported
        if period.kind is Kind.MINUTE:
            rules = self.outlet.factors
            return [
                stats.relabelled(rules[row.factor].period, row, touched, column) for row in reported
            ]
        stock = self._stock(period, column)
        if period.kind is Kind.HOUR:
            return column_of(self.outlet, period, stock, touched, column)
        return made_of(self.outlet, period, stock)

    def _stock(self, period: Period, column: Column) -> Stock:
        match period.kind:
            case Kind.MINUTE:
                taken = {code: self._with_total(code) for code in self.taken}
                return Stock(taken, totals=self.before)
            case Kind.HOUR:
                results = {code: list(rows.values()) for code, rows in self.results.items()}
                silent = {code: rows for code, rows in self.seen.items() if code not in results}
                return Stock(silent, results, self.below[Kind.MINUTE][column])
            case Kind.DAY:
                return Stock(shorter=self.below[Kind.HOUR][column])
            case _:
                return Stock(shorter=self.below[Kind.DAY][column])

    def _with_total(self, code: str) -> list[Sample]:
        """Give the samples of the minute, each with what the counter said in the same instant."""
        totals = self.totals.get(code, {})
        return [
            sample._replace(total=totals[sample.at]) if sample.at in totals else sample
            for sample in self.taken[code].values()
        ]

    def _forget(self, kind: Kind) -> None:
        """Let go of what a closed period was made of."""
        match kind:
            case Kind.MINUTE:
                self.taken.clear()
                self.before |= {code: max(rows.items()) for code, rows in self.totals.items()}
                self.totals.clear()
            case Kind.HOUR:
                self.results.clear()
                self.seen.clear()
                self.below.pop(Kind.MINUTE, None)
            case Kind.DAY:
                self.below.pop(Kind.HOUR, None)
            case Kind.MONTH:
                self.below.pop(Kind.DAY, None)
                self.below.pop(Kind.MONTH, None)
