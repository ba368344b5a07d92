"""One factor as work: how it is judged, summed and limited, worked out of the settings."""

from __future__ import annotations

from agent import rules, stats
from agent.plan.parts import CONTINUOUS_AGE_PERIODS, FactorPlan
from agent.quality.chain import Chain
from agent.quality.chain_of import chain_of
from agent.quality.judge import PointRule, may_be_negative
from agent.quality.loop import Loop, Selector
from agent.settings import Site
from agent.settings.batch import cycle, is_batch
from agent.settings.check_factors import wire_factors
from agent.settings.check_values import units_of
from agent.settings.gas import GasSettings, first_unit
from agent.settings.outlet import FactorRule, Outlet
from agent.settings.site import FactorSource
from drivers.profile import Profile
from protocols.hj212.factors import Factor

BATCH_AGE_CYCLES = 1.5
SOUND_LEVELS = frozenset({"LA", "Leq"})
"""Levels whose mean is that of their energies; percentiles are the instrument's own."""
_NOT_NEEDS = {"day_rule", "zero_flow", "volume_differs"}
FLOW_FACTORS = frozenset({"w00000", "a00000"})


def kept_as(site: Site, outlet: Outlet, code: str) -> Factor:
    """Give a factor as it is kept here: as the first of the platforms that take it has it."""
    known = next(wire_factors(site, outlet, code), None)
    assert known is not None, "the settings were checked"
    return known


def make_factor(site: Site, source: FactorSource, profile: Profile) -> FactorPlan:
    """Work one factor of one outlet out. The site has passed its checks."""
    outlet, rule = source.outlet, source.rule
    known = kept_as(site, outlet, source.code)
    cycle_min, lag_min = cycle(source, profile) if is_batch(source, profile) else (None, 0)
    judged = _judged(source, known)
    chain = chain_of(source, judged, is_flow=source.code in FLOW_FACTORS)
    if chain is not None and chain.changes_unit:
        # the range is in the wire unit: the chain holds the value against it
        judged = PointRule(outlet.id, source.code, _first_unit(source, profile, chain, known))
    poll_s = source.device.period_s
    return FactorPlan(
        outlet=outlet.id,
        factor=source.code,
        device=source.device.id,
        point=source.point,
        judge=judged,
        period=_period_rule(source, known, chain, cycle_min=cycle_min),
        limits=tuple(rules.Limit(**limit.model_dump()) for limit in rule.limits),
        poll_s=poll_s,
        cycle_min=cycle_min,
        lag_min=lag_min,
        max_age_s=rule.max_age_s or _age_s(poll_s, cycle_min),
        calibration_s=None if rule.calibration_h is None else int(rule.calibration_h * 3600),
        timed=profile.measured_at is not None and source.point in profile.batch_points,
        corrected="oxygen" in rule.conversions,
        counter_points=rule.counter.points if rule.counter else (),
        volume_differs=outlet.statistics.volume_differs,
        chain=chain,
        loop=_loop(source, known.unit),
        references=rule.references,
    )


def flow_of(outlet: Outlet) -> str | None:
    """Give the factor that is an outlet's flow; None where it has none."""
    return outlet.flow or next((code for code in outlet.factors if code in FLOW_FACTORS), None)


def _judged(source: FactorSource, known: Factor) -> PointRule:
    low, high = source.rule.range or (None, None)
    signed = may_be_negative(source.code, medium=source.outlet.medium)
    return PointRule(source.outlet.id, source.code, known.unit, low, high, signed=signed)


def _first_unit(source: FactorSource, profile: Profile, chain: Chain, known: Factor) -> str:
    """Give the unit a value has when its chain begins."""
    point = profile.point(source.point)
    own = "" if point is None else units_of(source, point)[0]
    return first_unit(chain.steps, own=own, wire=known.unit)


def _age_s(poll_s: float, cycle_min: int | None) -> float:
    """Give how old a value may be and still stand for now, where the site file does not say."""
    if cycle_min is None:
        return poll_s * CONTINUOUS_AGE_PERIODS
    return cycle_min * 60 * BATCH_AGE_CYCLES


def _period_rule(
    source: FactorSource, known: Factor, chain: Chain | None, *, cycle_min: int | None
) -> stats.PeriodRule:
    outlet, rule = source.outlet, source.rule
    settled = outlet.statistics
    amount = _amount(known, outlet.medium, has_flow=flow_of(outlet) is not None)
    return stats.PeriodRule(
        outlet.id,
        source.code,
        outlet.medium,
        cycle_min=cycle_min,
        amount=amount,
        # concentrations are weighted by flow; pH, temperature and the flow itself are not
        weighted=outlet.medium == "water" and amount.kind is stats.AmountKind.MASS,
        day_rule=settled.day_rule,
        zero_flow=settled.zero_flow,
        needs=stats.Needs(**settled.model_dump(exclude=_NOT_NEEDS)),
        counter=_counter(rule, amount),
        energetic=source.code in SOUND_LEVELS,
        by_counter=rule.volume == "counter",
        correction=None if chain is None else _correction(chain, outlet.gas),
        inputs=() if chain is None else chain.inputs,
    )


def _amount(known: Factor, medium: str, *, has_flow: bool) -> stats.Amount:
    if known.code in FLOW_FACTORS:
        return stats.WATER_VOLUME if medium == "water" else stats.GAS_VOLUME
    if not known.amount_unit or not has_flow:
        return stats.NO_AMOUNT
    try:
        return stats.mass_of(known.unit, known.amount_unit)
    except ValueError:
        return stats.NO_AMOUNT


def _counter(rule: FactorRule, amount: stats.Amount) -> stats.CounterRule | None:
    """Give what a flow's counter can do: never more than twice the meter's range."""
    if rule.counter is None or rule.range is None:
        return None
    return stats.CounterRule(2 * rule.range[1] * amount.scale, rule.counter.rollover_m3)


def _correction(chain: Chain, settings: GasSettings) -> stats.Correction | None:
    if "oxygen" not in chain.steps:
        return None
    return stats.Correction(
        settings.oxygen, chain.reference, chain.intake, chain.suspect, settings.zs_mode
    )


def _loop(source: FactorSource, unit: str) -> Loop | None:
    given = source.rule.analogue
    if given is None:
        return None
    selector = None
    if given.active is not None:
        selector = Selector(
            given.active.device or source.device.id, given.active.point, given.active.spans
        )
    return Loop(
        raw=given.raw,
        span=given.span,
        unit=given.unit or unit,
        root=given.root,
        fault=given.fault,
        zero_from=given.zero_from,
        selector=selector,
        ranged=source.rule.range is not None,
    )
