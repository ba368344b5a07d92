"""Works the plan out, once, from the settings in force."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping

from agent import rules, stats
from agent.plan.parts import CONTINUOUS_AGE_PERIODS, FactorPlan, OutletPlan, Plan, StationPlan
from agent.quality.chain import Chain, in_order
from agent.quality.chain_of import chain_of
from agent.quality.judge import PointRule, may_be_negative
from agent.quality.loop import Loop, Selector
from agent.quality.units import convert
from agent.report import Spelling, Wording
from agent.settings import Site
from agent.settings.batch import cycle, is_batch
from agent.settings.check_factors import factor_in, wire_factors
from agent.settings.check_values import units_of
from agent.settings.destination import Destination, Station
from agent.settings.gas import GasSettings, first_unit
from agent.settings.outlet import FactorRule, Outlet
from agent.settings.site import FactorSource
from agent.settings.spoken import spoken
from drivers.profile import Profile, load_profile
from protocols.hj212.editions import Edition
from protocols.hj212.factors import Factor
from protocols.hj212.times import BEIJING_OFFSET_S

BATCH_AGE_CYCLES = 1.5
SOUND_LEVELS = frozenset({"LA", "Leq"})
"""Levels whose mean is that of their energies; percentiles are the instrument's own."""
_NOT_NEEDS = {"day_rule", "zero_flow", "volume_differs"}
FLOW_FACTORS = frozenset({"w00000", "a00000"})
_OWN = ("real_time_s", "minutes", "timeout_s", "resends")
"""What a station may have otherwise than its platform has it in general."""


def make_plan(site: Site) -> Plan:
    """Work the plan out. The site has passed its checks."""
    places = site.profile_directories
    devices = (*site.devices, *site.samplers)
    loaded = {name: load_profile(name, places) for name in {one.profile for one in devices}}
    profiles = {device.id: loaded[device.profile] for device in devices}
    outlets = {outlet.id: _outlet(site, outlet.id, profiles) for outlet in site.outlets}
    stations = {
        station.id: _station(site, destination, station, outlets=outlets)
        for destination, station in site.stations()
    }
    return Plan(site, outlets, stations, profiles)


def _station(
    site: Site,
    destination: Destination,
    station: Station,
    *,
    outlets: Mapping[str, OutletPlan],
) -> StationPlan:
    destination = _as_of(destination, station)
    return StationPlan(
        destination,
        station,
        tuple(outlets[one] for one in station.outlets),
        wording=Wording(
            spoken(destination),
            said=_said(site, station, spoken(destination)),
            absent=destination.absent,
            period_flag={str(medium): how for medium, how in destination.period_flag.items()},
            answer=destination.ack not in ("puback", "none"),
            shared_qn=destination.wire.split_qn == "shared",
            converted=frozenset(
                code
                for name in station.outlets
                for code, one in outlets[name].factors.items()
                if one.corrected
            ),
        ),
        since=None if station.since is None else _midnight(station.since),
        send_phase_s=_phase(station.mn or station.id, destination.send_window_s),
    )


def _as_of(destination: Destination, station: Station) -> Destination:
    """Give the platform as this station has it: its own word goes first."""
    own = {name: getattr(station, name) for name in _OWN}
    own = {name: value for name, value in own.items() if value is not None}
    return destination.model_copy(update=own) if own else destination


def _phase(mn: str, window_s: float) -> float:
    """Spread the fleet over the window: always the same place in it for one MN."""
    digest = hashlib.sha256(mn.encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 * window_s


def _outlet(site: Site, outlet_id: str, profiles: Mapping[str, Profile]) -> OutletPlan:
    outlet = site.outlet(outlet_id)
    sampler = site.sampler_of(outlet_id)
    factors = {
        source.code: _factor(site, source, profiles[source.device.id])
        for source in site.sources(outlet_id)
    }
    chains = {code: one.chain for code, one in factors.items() if one.chain is not None}
    return OutletPlan(
        id=outlet.id,
        medium=outlet.medium,
        st=str(outlet.st),
        flow=_flow_of(outlet),
        factors=factors,
        sampler=sampler.id if sampler else None,
        keeping=rules.keeping_of(sampler, zero_flow=outlet.statistics.zero_flow)
        if sampler
        else None,
        chained=tuple(in_order(chains)),
    )


def _known(site: Site, outlet: Outlet, code: str) -> Factor:
    """Give a factor as it is kept here: as the first of the platforms that take it has it."""
    known = next(wire_factors(site, outlet, code), None)
    assert known is not None, "the settings were checked"
    return known


def _said(site: Site, station: Station, edition: Edition) -> dict[str, Spelling]:
    """Give what is different on this platform's wire: codes of 2005, units of a dialect."""
    said = {}
    for name in station.outlets:
        outlet = site.outlet(name)
        for code in outlet.factors:
            kept, there = _known(site, outlet, code), factor_in(code, edition)
            if there is None or (there.code == code and there.unit == kept.unit):
                continue
            zero = convert(0.0, kept.unit, there.unit)
            one = convert(1.0, kept.unit, there.unit)
            said[code] = Spelling(there.code, one - zero, zero)
    return said


def _factor(site: Site, source: FactorSource, profile: Profile) -> FactorPlan:
    outlet, rule = source.outlet, source.rule
    known = _known(site, outlet, source.code)
    batch = is_batch(source, profile)
    cycle_min, lag_min = cycle(source, profile) if batch else (None, 0)
    amount = _amount(known, outlet.medium, has_flow=_flow_of(outlet) is not None)
    low, high = rule.range or (None, None)
    judged = PointRule(
        outlet.id,
        source.code,
        known.unit,
        low,
        high,
        signed=may_be_negative(source.code, medium=outlet.medium),
    )
    chain = chain_of(source, judged, is_flow=source.code in FLOW_FACTORS)
    if chain is not None and chain.changes_unit:
        # the range is in the wire unit: the chain holds the value against it
        point = profile.point(source.point)
        own = "" if point is None else units_of(source, point)[0]
        unit = first_unit(chain.steps, own=own, wire=known.unit)
        judged = PointRule(outlet.id, source.code, unit)
    poll_s = source.device.period_s
    age_s = poll_s * CONTINUOUS_AGE_PERIODS
    if cycle_min is not None:
        age_s = cycle_min * 60 * BATCH_AGE_CYCLES
    return FactorPlan(
        outlet=outlet.id,
        factor=source.code,
        device=source.device.id,
        point=source.point,
        judge=judged,
        period=stats.PeriodRule(
            outlet.id,
            source.code,
            outlet.medium,
            cycle_min=cycle_min,
            amount=amount,
            # concentrations are weighted by flow; pH, temperature and the flow itself are not
            weighted=outlet.medium == "water" and amount.kind is stats.AmountKind.MASS,
            day_rule=outlet.statistics.day_rule,
            zero_flow=outlet.statistics.zero_flow,
            needs=stats.Needs(**outlet.statistics.model_dump(exclude=_NOT_NEEDS)),
            counter=_counter(rule, amount),
            energetic=source.code in SOUND_LEVELS,
            by_counter=rule.volume == "counter",
            correction=None if chain is None else _correction(chain, outlet.gas),
            inputs=() if chain is None else chain.inputs,
        ),
        limits=tuple(rules.Limit(**limit.model_dump()) for limit in rule.limits),
        poll_s=poll_s,
        cycle_min=cycle_min,
        lag_min=lag_min,
        max_age_s=rule.max_age_s or age_s,
        calibration_s=None if rule.calibration_h is None else int(rule.calibration_h * 3600),
        timed=profile.measured_at is not None and source.point in profile.batch_points,
        corrected="oxygen" in rule.conversions,
        counter_points=rule.counter.points if rule.counter else (),
        volume_differs=outlet.statistics.volume_differs,
        chain=chain,
        loop=_loop(source, known.unit),
        references=rule.references,
    )


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


def _flow_of(outlet: Outlet) -> str | None:
    return outlet.flow or next((code for code in outlet.factors if code in FLOW_FACTORS), None)


def _amount(known: Factor, medium: str, *, has_flow: bool) -> stats.Amount:
    if known.code in FLOW_FACTORS:
        return stats.WATER_VOLUME if medium == "water" else stats.GAS_VOLUME
    if not known.amount_unit or not has_flow:
        return stats.NO_AMOUNT
    try:
        return stats.mass_of(known.unit, known.amount_unit)
    except ValueError:
        return stats.NO_AMOUNT


def _midnight(day: datetime.date) -> float:
    moment = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    return moment.timestamp() - BEIJING_OFFSET_S
