"""The gas chain of a factor, as the site file asks for it."""

from __future__ import annotations

import math

from agent import gas
from agent.quality.chain import Chain, Duct
from agent.quality.judge import PointRule
from agent.settings.gas import CHAIN, GasSettings
from agent.settings.site import FactorSource


def chain_of(source: FactorSource, rule: PointRule, *, is_flow: bool) -> Chain | None:
    """Give the conversions that the site file asks of us for a factor; None where it asks for none.

    `rule` is how its value is judged in the wire unit.
    """
    wanted, settings = source.rule, source.outlet.gas
    if not wanted.conversions:
        return None
    return Chain(
        rule,
        tuple(step for step in CHAIN if step in wanted.conversions),
        _duct(settings),
        molar_mass=wanted.molar_mass or gas.MOLAR_MASS.get(source.code, math.nan),
        slope=wanted.curve.slope if wanted.curve else math.nan,
        intercept=wanted.curve.intercept if wanted.curve else 0.0,
        reference=_reference(source),
        intake=settings.intake_oxygen,
        suspect=settings.oxygen_suspect,
        is_flow=is_flow,
    )


def _reference(source: FactorSource) -> float:
    """Give the reference oxygen: the factor's own, the outlet's, or that of its coefficient."""
    settings = source.outlet.gas
    for given in (source.rule.reference_oxygen, settings.reference_oxygen):
        if given is not None:
            return given
    return math.nan if settings.excess_air is None else gas.reference_oxygen(settings.excess_air)


def _duct(settings: GasSettings) -> Duct:
    return Duct(
        ambient_pressure=settings.ambient_pressure,
        pressure=settings.pressure,
        temperature=settings.temperature,
        moisture=settings.moisture,
        oxygen=settings.oxygen,
        no2=settings.no2,
        area_m2=settings.duct_area_m2 or math.nan,
        kv=settings.velocity_field,
        kp=settings.pitot,
    )
