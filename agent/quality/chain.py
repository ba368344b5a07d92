"""The gas chain: what the agent makes of a judged value with the help of its neighbours.

Every step is a formula of `agent.gas`; inputs are judged samples of the same outlet, or numbers of
the site file. A step without a usable input has no answer, and the sample says which (STAT-12).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agent import gas
from agent.model import Cause, Sample
from agent.quality.judge import PointRule, looked_at
from agent.settings.gas import Conversion

Input = str | float
"""The code of a factor of the outlet, or a fixed number."""

_UNIT_STEPS = frozenset({"curve", "mass", "pitot", "field", "area", "oxygens"})
"""After these a number is the quantity of the wire, at the state the instrument measured it."""


@dataclass(frozen=True, slots=True)
class Duct:
    """What an outlet's chains share; pressures in kPa, shares in percent, area in m2."""

    ambient_pressure: Input = gas.STANDARD_PA / 1000
    pressure: Input = "a01013"
    temperature: Input = "a01012"
    moisture: Input = "a01014"
    oxygen: str = "a19001"
    no2: str = "a21004"
    area_m2: float = math.nan
    kv: float = 1.0
    kp: float = 0.84


@dataclass(frozen=True, slots=True)
class Chain:
    """The conversions of one factor, in the order they are done.

    `rule` holds the range in the wire unit, which is that of the instrument's value before it is
    converted to another state. `is_flow`: state and moisture act the other way round (CEMS-13).
    """

    rule: PointRule
    steps: tuple[Conversion, ...]
    duct: Duct = Duct()
    molar_mass: float = math.nan
    slope: float = math.nan
    intercept: float = 0.0
    reference: float = math.nan
    intake: float = gas.AIR_OXYGEN
    suspect: float = 19.0
    is_flow: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The factors of the outlet that the measured value is calculated of."""
        duct, wanted = self.duct, list[Input]()
        for step in self.steps:
            match step:
                case "nox":
                    wanted.append(duct.no2)
                case "pitot" | "standard":
                    wanted += [duct.temperature, duct.pressure, duct.ambient_pressure]
                case "dry":
                    wanted.append(duct.moisture)
                case "oxygens":
                    wanted.append(duct.oxygen)
        return tuple(dict.fromkeys(one for one in wanted if isinstance(one, str)))

    @property
    def changes_unit(self) -> bool:
        """Whether the instrument's number is another quantity than the wire's."""
        return not _UNIT_STEPS.isdisjoint(self.steps)


class _Unusable(Exception):
    """An input is not fit for use."""

    def __init__(self, factor: str, cause: Cause) -> None:
        super().__init__(f"{factor} {cause.value}")
        self.cause = cause


def converted(chain: Chain, sample: Sample, near: Mapping[str, Sample]) -> Sample:
    """Give the sample in the wire's basis, with its value at reference oxygen.

    `near` are the newest samples of the outlet by factor, converted themselves. Without a usable
    input there is no value, and the cause is the input's; without oxygen only the converted value
    is missing. A value that was not normal stays so.
    """
    if sample.value is None:
        return sample
    first = [step for step in chain.steps if step in _UNIT_STEPS]
    then = [step for step in chain.steps if step not in _UNIT_STEPS and step != "oxygen"]
    try:
        value = sample.value
        for step in first:
            value = _step(chain, step, value, near)
        if first and sample.cause is Cause.NORMAL:
            cause, reason = looked_at(value, chain.rule)
            sample = sample._replace(cause=cause, reason=reason or sample.reason)
        for step in then:
            value = _step(chain, step, value, near)
    except _Unusable as error:
        return _without(sample, error.cause, str(error))
    except gas.NotComputable as error:
        return _without(sample, Cause.FAULT, str(error))
    sample = sample._replace(value=value)
    return _at_reference(chain, sample, near) if "oxygen" in chain.steps else sample


def _without(sample: Sample, cause: Cause, why: str) -> Sample:
    """Give the sample without value; a cause that it had of its own stays."""
    cause = cause if sample.cause is Cause.NORMAL else sample.cause
    return sample._replace(value=None, cause=cause, reason=f"{gas.INVALID_INPUT}: {why}")


def _step(chain: Chain, step: Conversion, value: float, near: Mapping[str, Sample]) -> float:
    duct = chain.duct
    match step:
        case "curve":
            return gas.signal_concentration(value, slope=chain.slope, intercept=chain.intercept)
        case "mass":
            return gas.mass_concentration(value, molar_mass=chain.molar_mass)
        case "pitot":
            density = gas.gas_density(
                gas_c=_input(duct.temperature, near), pressure_pa=_pressure_pa(duct, near)
            )
            return gas.pitot_velocity(value, density=density, kp=duct.kp)
        case "field":
            return value * duct.kv
        case "area":
            return gas.actual_flow(value, area_m2=duct.area_m2)
        case "oxygens":
            dry = _input(duct.oxygen, near)
            return 100 * gas.moisture_of(wet_oxygen=value, dry_oxygen=dry)
        case "standard":
            factor = gas.state_factor(
                gas_c=_input(duct.temperature, near), pressure_pa=_pressure_pa(duct, near)
            )
            return value / factor if chain.is_flow else value * factor
        case "dry":
            share = gas.dry_share(_input(duct.moisture, near) / 100)
            return value * share if chain.is_flow else value / share
        case "nox":
            return gas.nox_as_no2(value, _input(duct.no2, near))
        case "oxygen":
            raise AssertionError("the measured value is never the converted one")


def _at_reference(chain: Chain, sample: Sample, near: Mapping[str, Sample]) -> Sample:
    """Add the value at reference oxygen, or the reason why there is none (CEMS-07…09)."""
    assert sample.value is not None
    try:
        oxygen = _input(chain.duct.oxygen, near)
        factor = gas.oxygen_factor(oxygen, reference=chain.reference, intake=chain.intake)
    except (_Unusable, gas.NotComputable) as error:
        return sample._replace(zs=None, reason=f"{gas.INVALID_INPUT}: {error}")
    reason = f"{gas.O2_NEAR_AIR}: {oxygen:g} %" if oxygen >= chain.suspect else sample.reason
    return sample._replace(zs=sample.value * factor, reason=reason)


def _pressure_pa(duct: Duct, near: Mapping[str, Sample]) -> float:
    return 1000 * (_input(duct.ambient_pressure, near) + _input(duct.pressure, near))


def _input(one: Input, near: Mapping[str, Sample]) -> float:
    """Give the figure of an input. Raises _Unusable on one that is missing or not normal."""
    if not isinstance(one, str):
        return one
    sample = near.get(one)
    if sample is None:
        raise _Unusable(one, Cause.NO_LINK)
    if sample.value is None or sample.cause is not Cause.NORMAL:
        raise _Unusable(one, Cause.FAULT if sample.cause is Cause.NORMAL else sample.cause)
    return sample.value


def in_order(chains: Mapping[str, Chain]) -> list[str]:
    """Give the factors with a chain so that each comes behind what it is calculated of.

    Raises ValueError where they wait for each other.
    """
    order: list[str] = []
    waiting = dict(chains)
    while waiting:
        free = [code for code, chain in waiting.items() if waiting.keys().isdisjoint(_of(chain))]
        if not free:
            raise ValueError(f"each is calculated of the other: {', '.join(waiting)}")
        order += free
        for code in free:
            del waiting[code]
    return order


def _of(chain: Chain) -> tuple[str, ...]:
    wanted = chain.inputs
    return (*wanted, chain.duct.oxygen) if "oxygen" in chain.steps else wanted
