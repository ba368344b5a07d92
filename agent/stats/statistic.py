"""One call for every period: which function makes it, and which rows it reads.

| kind | made by | rows read |
|---|---|---|
| minute | `minute` | samples, due, flow |
| n minutes | `n_minutes` | minutes; flow and its minutes |
| hour | `continuous_hour` | minutes; flow and its minutes |
| hour, batch | `batch_hour` | results, samples (states); flow |
| day | `gas_day`, else `water_day` | hours; hours of the flow (not for gas) |
| month | `gas_month`, else `water_month` | days |

The flow factor of an outlet is made first, its row then goes to the others as `Rows.flow`.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.model import Kind, Period, Statistic
from agent.stats.days import gas_day, gas_month, water_day, water_month
from agent.stats.hours import batch_hour, continuous_hour
from agent.stats.minutes import minute, n_minutes
from agent.stats.rule import PeriodRule, Rows

Maker = Callable[[PeriodRule, Period, Rows], Statistic]

_CONTINUOUS: dict[Kind, Maker] = {
    Kind.MINUTE: minute,
    Kind.N_MINUTES: n_minutes,
    Kind.HOUR: continuous_hour,
}
_BATCH: dict[Kind, Maker] = {Kind.HOUR: batch_hour}
_GAS: dict[Kind, Maker] = {Kind.DAY: gas_day, Kind.MONTH: gas_month}
_OTHER: dict[Kind, Maker] = {Kind.DAY: water_day, Kind.MONTH: water_month}


def statistic(rule: PeriodRule, period: Period, rows: Rows) -> Statistic:
    """Make the statistic of one factor for one period out of the rows of the store.

    Rows outside the period, and older revisions of the same shorter period, do not count.
    Raises ValueError for a minute of a batch analyzer and for the flow of another period.
    """
    short = _CONTINUOUS if rule.cycle_min is None else _BATCH
    long = _GAS if rule.medium == "gas" else _OTHER
    maker = short.get(period.kind) or long.get(period.kind)
    if maker is None:
        raise ValueError(f"{rule.factor} is measured in batches: no row of kind {period.kind}")
    return maker(rule, period, rows)
