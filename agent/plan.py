"""The plan: everything the workers have to do, worked out once from the settings in force."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent import rules, stats
from agent.model import Kind, Period
from agent.quality.chain import Chain, in_order
from agent.quality.chain_of import chain_of
from agent.quality.judge import PointRule, may_be_negative
from agent.quality.loop import Loop, Selector
from agent.quality.units import convert
from agent.report import PERIOD_CN, Spelling, Wording
from agent.rules import Keeping, Limit
from agent.settings import Site
from agent.settings.batch import cycle, is_batch
from agent.settings.check_factors import factor_in, wire_factors
from agent.settings.check_values import units_of
from agent.settings.destination import Destination, Station
from agent.settings.equipment import InputSettings
from agent.settings.gas import GasSettings, first_unit
from agent.settings.outlet import FactorRule, Outlet
from agent.settings.references import References
from agent.settings.site import FactorSource
from agent.settings.spoken import spoken
from drivers.profile import Profile, load_profile
from protocols.hj212.editions import Edition
from protocols.hj212.factors import Factor
from protocols.hj212.times import BEIJING_OFFSET_S

CONTINUOUS_SETTLE_S = 5
BATCH_SETTLE_S = 15 * 60
"""What a batch analyzer may be late beyond one cycle (architecture §3.3)."""
BATCH_AGE_CYCLES = 1.5
CONTINUOUS_AGE_PERIODS = 3.0
SOUND_LEVELS = frozenset({"LA", "Leq"})
"""Levels whose mean is that of their energies; percentiles are the instrument's own."""
_NOT_NEEDS = {"day_rule", "zero_flow", "volume_differs"}
FLOW_FACTORS = frozenset({"w00000", "a00000"})
_OWN = ("real_time_s", "minutes", "timeout_s", "resends")
"""What a station may have otherwise than its platform has it in general."""


@dataclass(frozen=True, slots=True)
class FactorPlan:
    """One factor of one outlet: where it comes from, how it is judged, summed and limited."""

    outlet: str
    factor: str
    device: str
    point: str
    judge: PointRule
    period: stats.PeriodRule
    limits: tuple[Limit, ...]
    poll_s: float
    cycle_min: int | None
    lag_min: int
    max_age_s: float
    timed: bool
    """Whether the instrument tells the time of its results."""
    corrected: bool
    """Whether its limits are for the value at reference oxygen."""
    counter_points: tuple[str, ...] = ()
    """The points whose sum is the flow meter's own counter."""
    volume_differs: float = 0.02
    """From which share on its two volumes differ."""
    chain: Chain | None = None
    """What the agent makes of its value with the help of its neighbours."""
    calibration_s: int | None = None
    """At most this long between two calibrations; None: nobody watches (QC-02)."""
    loop: Loop | None = None
    """What the current of an analogue input means."""
    references: References = field(default_factory=References)
    """What its checks are held against."""

    @property
    def batch(self) -> bool:
        """Whether results come in batches, each of its own hour of sampling."""
        return self.cycle_min is not None

    @property
    def loop_unit(self) -> str:
        """The unit of an analogue input's span; empty for any other factor."""
        return self.loop.unit if self.loop else ""

    @property
    def settle_s(self) -> int:
        """How long after its end an hour of this factor may still get its value."""
        if self.cycle_min is None:
            return CONTINUOUS_SETTLE_S
        return self.cycle_min * 60 + BATCH_SETTLE_S

    @property
    def state_age_s(self) -> float:
        """How old the newest sample may be and still stand for now."""
        if self.batch:
            return CONTINUOUS_AGE_PERIODS * self.poll_s
        return self.max_age_s

    @property
    def due_per_minute(self) -> int:
        """How many samples a minute should hold; a slow continuous point counts as one."""
        return max(1, round(60 / self.poll_s))


@dataclass(frozen=True, slots=True)
class OutletPlan:
    """One outlet with its factors in the order of the site file."""

    id: str
    medium: str
    st: str
    flow: str | None
    factors: Mapping[str, FactorPlan]
    sampler: str | None
    keeping: Keeping | None
    chained: tuple[str, ...] = ()
    """The factors with a chain, each behind what it is calculated of."""

    @property
    def batch(self) -> tuple[FactorPlan, ...]:
        """The factors that have results of an hour of sampling, and no minutes."""
        return tuple(one for one in self.factors.values() if one.batch)

    @property
    def continuous(self) -> tuple[FactorPlan, ...]:
        """The factors that have minutes."""
        return tuple(one for one in self.factors.values() if not one.batch)

    def settle_s(self, kind: Kind) -> int:
        """How long after its end a period of this outlet is due."""
        if kind in (Kind.MINUTE, Kind.N_MINUTES):
            return CONTINUOUS_SETTLE_S
        return max((one.settle_s for one in self.factors.values()), default=CONTINUOUS_SETTLE_S)

    def inputs_first(self, kind: Kind) -> Iterator[FactorPlan]:
        """Give the factors that have this kind of period, flow and oxygen before the others."""
        minutes = kind in (Kind.MINUTE, Kind.N_MINUTES)
        wanted = [one for one in self.factors.values() if not (minutes and one.batch)]
        first = {self.flow} | {
            one.period.correction.oxygen for one in wanted if one.period.correction is not None
        }
        yield from sorted(wanted, key=lambda one: one.factor not in first)


@dataclass(frozen=True, slots=True)
class StationPlan:
    """One station of one platform, and the outlets that report under it."""

    destination: Destination
    station: Station
    outlets: tuple[OutletPlan, ...]
    wording: Wording
    since: float | None
    """From when on it is owed periods; None: from the day it was first seen."""
    send_phase_s: float

    @property
    def id(self) -> str:
        """The name of its outbox."""
        return self.station.id

    @property
    def mn(self) -> str:
        """Who the frames are from."""
        return self.station.mn

    def by_st(self) -> dict[str, tuple[OutletPlan, ...]]:
        """Give the outlets by system code: one frame speaks for one code."""
        return {
            st: tuple(one for one in self.outlets if one.st == st)
            for st in dict.fromkeys(one.st for one in self.outlets)
        }

    def devices(self) -> Iterator[str]:
        """Give the instruments its outlets take their factors from, with repeats."""
        for outlet in self.outlets:
            yield from (one.device for one in outlet.factors.values())

    def wants(self, code: str) -> bool:
        """Say whether this platform takes that factor."""
        return self.destination.factors is None or code in self.destination.factors

    def owes(self, period: Period) -> bool:
        """Say whether this station reports periods of that kind."""
        if period.kind not in PERIOD_CN:
            return False
        if period.kind in (Kind.MINUTE, Kind.N_MINUTES):
            return (period.minutes or 1) == self.destination.minutes
        return True

    def hears(self, kind: str) -> bool:
        """Say whether this platform subscribed to events of that kind or its family.

        `retention_blocked` goes with `retention`.
        """
        if self.destination.transport != "mqtt":
            return False  # a notice is no HJ 212 message: only MQTT has a place for it
        return kind.partition("_")[0] in self.destination.events


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    site: Site
    outlets: Mapping[str, OutletPlan]
    stations: Mapping[str, StationPlan]
    profiles: Mapping[str, Profile]

    def factors_of(self, device: str) -> tuple[FactorPlan, ...]:
        """Give the factors that one device delivers."""
        return tuple(
            one
            for outlet in self.outlets.values()
            for one in outlet.factors.values()
            if one.device == device
        )

    def place_of(self, device: str) -> tuple[str, str]:
        """Give the outlet and the factor that one device is for; empty where it serves several."""
        served = [(one.outlet, one.factor) for one in self.factors_of(device)]
        served += [(one.outlet, "") for one in self.site.samplers if one.id == device]
        outlets = {outlet for outlet, _ in served}
        factors = {factor for _, factor in served}
        return (
            outlets.pop() if len(outlets) == 1 else "",
            factors.pop() if len(factors) == 1 else "",
        )

    def at(self, given: InputSettings) -> str:
        """Give the outlet an input belongs to; the only one where the file names none."""
        if given.outlet is not None:
            return given.outlet
        return next(iter(self.outlets)) if len(self.outlets) == 1 else ""

    def series(self) -> Iterator[tuple[str, str, str]]:
        """Give the keys of everything that is sampled."""
        for outlet in self.outlets.values():
            for one in outlet.factors.values():
                yield outlet.id, one.factor, "rtd"
                yield outlet.id, one.factor, "zs"
                if one.counter_points:
                    yield outlet.id, one.factor, "total"

    def devices(self) -> Iterator[str]:
        """Give the names of all devices."""
        for device in (*self.site.devices, *self.site.samplers):
            yield device.id

    def outbox_bells(self) -> Iterator[str]:
        """Give the bells of all senders."""
        for station in self.stations:
            yield f"outbox:{station}"

    def command_bells(self) -> Iterator[str]:
        """Give the bells of all who tell platforms how their orders ended."""
        for station in self.stations:
            yield f"commands:{station}"

    def action_bells(self) -> Iterator[str]:
        """Give the bells of all devices that take orders."""
        for device in self.devices():
            yield f"actions:{device}"

    def minute_lengths(self, outlet: str) -> tuple[int, ...]:
        """Give the minute intervals in use for an outlet, beside 1."""
        found = {
            plan.destination.minutes
            for plan in self.stations.values()
            if any(one.id == outlet for one in plan.outlets)
        }
        return tuple(sorted(found - {1}))


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
