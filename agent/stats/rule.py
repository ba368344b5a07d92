"""What one factor's statistics are made by, and the rows they are made of."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.gas import AIR_OXYGEN
from agent.model import Cause, Measurement, Sample, Statistic
from agent.stats.counter import CounterRule, Reading

Medium = Literal["water", "gas", "noise", "electricity", "process"]
DayRule = Literal["fixed_20", "share_75_of_running"]
ZsMode = Literal["minute_mean", "hour_ratio"]

# Powers of ten of the mass and volume words in units, in gram and cubic metre.
_GRAM = {"t": 6, "kg": 3, "g": 0, "mg": -3, "ug": -6, "µg": -6, "μg": -6, "ng": -9}
_CUBIC_METRE = {"L": -3, "l": -3, "m3": 0, "m³": 0}


class AmountKind(enum.StrEnum):
    """What a factor's Cou is."""

    NONE = "none"
    VOLUME = "volume"
    MASS = "mass"


@dataclass(frozen=True, slots=True)
class Amount:
    """How a factor's Cou is made.

    A volume is value x seconds x `scale`, a mass is mean concentration x volume in m3 x `scale`.
    """

    kind: AmountKind = AmountKind.NONE
    scale: float = 0.0


NO_AMOUNT = Amount()
WATER_VOLUME = Amount(AmountKind.VOLUME, 1e-3)
"""m3 of a flow in L/s."""
GAS_VOLUME = Amount(AmountKind.VOLUME, 1.0)
"""m3 of a flow in m3/s."""


def mass_of(unit: str, amount_unit: str) -> Amount:
    """Give how the mass of a concentration in `unit` is made in `amount_unit` (WAT-22, CEMS-15).

    mg/L in kg, ug/L in g and ng/L in mg all give 1e-3; mg/m3 in kg gives 1e-6.
    Raises ValueError on a unit that is no mass per volume.
    """
    weight, _, volume = unit.partition("/")
    if weight not in _GRAM or volume not in _CUBIC_METRE or amount_unit not in _GRAM:
        raise ValueError(f"no mass in {amount_unit!r} can be made of a concentration in {unit!r}")
    power = _GRAM[weight] - _CUBIC_METRE[volume] - _GRAM[amount_unit]
    return Amount(AmountKind.MASS, float(f"1e{power}"))


@dataclass(frozen=True, slots=True)
class Correction:
    """How a concentration is converted to reference oxygen (CEMS-07…09, STAT-10).

    `oxygen` is the factor of the outlet that tells the dry oxygen; the rest is in percent.
    `intake` is the oxygen of the combustion air; from `suspect` on the result is doubtful.
    """

    oxygen: str
    reference: float
    intake: float = AIR_OXYGEN
    suspect: float = 19.0
    mode: ZsMode = "minute_mean"


@dataclass(frozen=True, slots=True)
class Needs:
    """How much must be there for a period to be valid; none of it was read on paper (K, I).

    `minutes` of an hour (STAT-04, WAT-21a), `stopped_minutes` above which a gas hour is a stopped
    one (STAT-07), `hours` of a gas day (STAT-08), `days` and `february_days` of a gas month
    (STAT-09), `minute_share` of a minute's samples (STAT-03), `share` of n minutes, and of a water
    day and month (WAT-21). `marked_minutes`: more of them lose the hour of a batch result.
    """

    minute_share: float = 0.75
    minutes: int = 45
    stopped_minutes: int = 15
    marked_minutes: int = 15
    hours: int = 20
    days: int = 25
    february_days: int = 23
    share: float = 0.75


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """How the statistics of one factor of one outlet are made.

    `cycle_min` is the minutes between two results of a batch analyzer, None for a continuous
    instrument. `weighted`: the mean is weighted by flow where there is one (concentrations in
    water, WAT-20). `zero_flow` is the greatest mean flow, in the flow's wire unit, that counts as
    measured zero (WAT-24). `day_rule` is STAT-08. `inputs` are the factors of the outlet that the
    agent calculates this one of: where one of them is marked invalid, so is this (STAT-12). A
    flow may have a `counter`; with `by_counter` its volume is the counter's, else its samples'.
    `energetic`: levels in dB, whose mean is that of their energies (Leq).
    """

    outlet: str
    factor: str
    medium: Medium
    cycle_min: int | None = None
    amount: Amount = NO_AMOUNT
    weighted: bool = False
    day_rule: DayRule = "fixed_20"
    zero_flow: float = 0.0
    needs: Needs = Needs()
    correction: Correction | None = None
    counter: CounterRule | None = None
    by_counter: bool = False
    energetic: bool = False
    inputs: tuple[str, ...] = ()

    @property
    def is_flow(self) -> bool:
        """Whether this factor is itself a flow."""
        return self.amount.kind is AmountKind.VOLUME

    def no_discharge(self, flow: Statistic | None) -> bool:
        """Say whether the flow was measured and was zero. Unknown or invalid flow is not zero."""
        if flow is None or not flow.valid or flow.avg is None:
            return False
        return flow.avg <= self.zero_flow


@dataclass(frozen=True, slots=True)
class Rows:
    """What the store holds for one factor and one period. What a kind does not read stays empty.

    `samples`: of a minute; for an hour of a batch analyzer the states it was seen in.
    `measurements`: results whose sampling hour this is; batch hour only.
    `statistics`: the shorter rows: minutes for n minutes and hour, hours for a day, days for a
    month. `flow_statistics`: the flow factor's rows of that same shorter kind.
    `flow`, `oxygen`: those factors' rows of this very period; minute, n minutes and hour only.
    `total_before`: the last reading of the flow's counter before a minute.
    `due`: samples that were due in a minute; `slice_s`: seconds each of them stands for, 0 for an
    equal share of the minute. `absent`: the cause of what has no row at all, e.g.
    POWER after an outage.
    """

    samples: Sequence[Sample] = ()
    measurements: Sequence[Measurement] = ()
    statistics: Sequence[Statistic] = ()
    flow: Statistic | None = None
    oxygen: Statistic | None = None
    flow_statistics: Sequence[Statistic] = ()
    total_before: Reading | None = None
    due: int = 0
    slice_s: float = 0.0
    absent: Cause = Cause.NO_LINK
