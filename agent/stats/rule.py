"""What one factor's statistics are made by, and the rows they are made of."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.model import Cause, Measurement, Sample, Statistic

Medium = Literal["water", "gas", "noise", "electricity", "process"]
DayRule = Literal["fixed_20", "share_75_of_running"]

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
class PeriodRule:
    """How the statistics of one factor of one outlet are made.

    `cycle_min` is the minutes between two results of a batch analyzer, None for a continuous
    instrument. `weighted`: the mean is weighted by flow where there is one (concentrations in
    water, WAT-20). `zero_flow` is the greatest mean flow, in the flow's wire unit, that counts as
    measured zero (WAT-24). `minute_share` is STAT-03, `day_rule` STAT-08.
    """

    outlet: str
    factor: str
    medium: Medium
    cycle_min: int | None = None
    amount: Amount = NO_AMOUNT
    weighted: bool = False
    minute_share: float = 0.75
    day_rule: DayRule = "fixed_20"
    zero_flow: float = 0.0

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
    `flow`: the flow factor's row of this very period; minute, n minutes and hour only.
    `due`: samples that were due in a minute; `slice_s`: seconds each of them stands for, 0 for an
    equal share of the minute. `absent`: the cause of what has no row at all, e.g.
    POWER after an outage.
    """

    samples: Sequence[Sample] = ()
    measurements: Sequence[Measurement] = ()
    statistics: Sequence[Statistic] = ()
    flow: Statistic | None = None
    flow_statistics: Sequence[Statistic] = ()
    due: int = 0
    slice_s: float = 0.0
    absent: Cause = Cause.NO_LINK
