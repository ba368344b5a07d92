"""What a month comes to by its validated values: means and relief of tax (CMP-09), WAT-30.

Validated is the second column: after marks. Nothing is written.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.compliance import Alarm, Judgement, judge, monthly_mean, relief_open
from agent.model import Kind, Period, Statistic
from agent.plan import FactorPlan, OutletPlan
from agent.rules.limits import of_period
from agent.store import columns, statistics
from agent.store.series import Names
from agent.substitution import effective_rate

WATER_TEMPERATURE = "w01010"


@dataclass(frozen=True, slots=True)
class FactorMonth:
    """A factor's month, as far as it is closed: hours of gas, days of everything else.

    `mean` and `largest` are converted values where the factor is corrected. `relief`: every judged
    value kept within its limit; None where there was none, or no limit. `rate` is WAT-30's share
    of valid hours among those due in percent; None but for water.
    """

    factor: str
    parts: int
    valid: int
    mean: float | None
    over: int
    largest: float | None
    relief: bool | None
    rate: float | None


def of_month(
    connection: sqlite3.Connection, outlet: OutletPlan, month: Period, *, names: Names
) -> list[FactorMonth]:
    """Give each factor of an outlet that has rows in a month."""
    hours = _rows(connection, outlet, Period(Kind.HOUR, month.start), month.end, names)
    days = _rows(connection, outlet, Period(Kind.DAY, month.start), month.end, names)
    water = outlet.medium == "water"
    judged_rows = hours if outlet.medium == "gas" else days
    cold = {
        row.period.start: row.avg for row in judged_rows.get(WATER_TEMPERATURE, ()) if row.valid
    }
    found = []
    for code, one in outlet.factors.items():
        rows = judged_rows.get(code, ())
        if not rows:
            continue
        judged = [_judged(one, row, cold.get(row.period.start)) for row in rows]
        over = [each for each in judged if each.alarm is Alarm.OVER]
        known = [each.value for each in judged if each.value is not None]
        found.append(
            FactorMonth(
                code,
                len(rows),
                len(known),
                monthly_mean(judged),
                len(over),
                max(known, default=None),
                relief_open(judged),
                _rate(hours.get(code, ()), rows) if water else None,
            )
        )
    return found


def _judged(one: FactorPlan, row: Statistic, temperature: float | None) -> Judgement:
    length: Literal["hour", "day"] = "hour" if row.period.kind is Kind.HOUR else "day"
    limit = of_period(
        one.limits, length, at=row.period.start, batch=one.batch, temperature=temperature
    )
    return judge(row, limit, corrected=one.corrected)


def _rate(hours: Sequence[Statistic], days: Sequence[Statistic]) -> float | None:
    """Give the share of valid hours among those due, of the days that are closed."""
    end = max(day.period.end for day in days)
    valid = sum(hour.valid for hour in hours if hour.period.start < end)
    return effective_rate(due=sum(day.due for day in days), valid=valid)


def _rows(
    connection: sqlite3.Connection, outlet: OutletPlan, first: Period, end: int, names: Names
) -> dict[str, list[Statistic]]:
    """Give the newest rows after marks, by factor, oldest first."""
    found: defaultdict[str, list[Statistic]] = defaultdict(list)
    for row in statistics.between(connection, first, end, outlet.id, names):
        found[row.factor].append(columns.of(connection, "marks", row, names=names) or row)
    return found
