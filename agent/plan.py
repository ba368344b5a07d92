"""The plan: everything the workers have to do, worked out once from the settings in force."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent import rules, stats
from agent.model import Kind, Period
from agent.quality.judge import PointRule, may_be_negative
from agent.quality.loop import Loop, Selector
from agent.report import PERIOD_CN, Wording
from agent.rules import Keeping, Limit
from agent.settings import Site
from agent.settings.batch import cycle, is_batch
from agent.settings.destination import Destination, Station
from agent.settings.equipment import InputSettings
from agent.settings.outlet import Outlet
from agent.settings.site import FactorSource
from drivers.profile import Profile, load_profile
from protocols.hj212.editions import edition
from protocols.hj212.factors import Factor, factor
from protocols.hj212.times import BEIJING_OFFSET_S

CONTINUOUS_SETTLE_S = 5
BATCH_SETTLE_S = 15 * 60
"""What a batch analyzer may be late beyond one cycle (architecture §3.3)."""
BATCH_AGE_CYCLES = 1.5
CONTINUOUS_AGE_PERIODS = 3.0
FLOW_FACTORS = frozenset({"w00000", "a00000"})


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
    loop: Loop | None = None
    """What the current of an analogue input means."""

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

    def flow_first(self, kind: Kind) -> Iterator[FactorPlan]:
        """Give the factors that have this kind of period, the flow before what it weighs."""
        minutes = kind in (Kind.MINUTE, Kind.N_MINUTES)
        wanted = [one for one in self.factors.values() if not (minutes and one.batch)]
        yield from sorted(wanted, key=lambda one: one.factor != self.flow)


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

    def devices(self) -> Iterator[str]:
        """Give the names of all devices."""
        for device in (*self.site.devices, *self.site.samplers):
            yield device.id

    def outbox_bells(self) -> Iterator[str]:
        """Give the bells of all senders."""
        for station in self.stations:
            yield f"outbox:{station}"

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
    profiles = {
        device.id: load_profile(device.profile, places)
        for device in (*site.devices, *site.samplers)
    }
    outlets = {outlet.id: _outlet(site, outlet.id, profiles) for outlet in site.outlets}
    stations = {
        station.id: _station(destination, station, outlets)
        for destination, station in site.stations()
    }
    return Plan(site, outlets, stations, profiles)


def _station(
    destination: Destination, station: Station, outlets: Mapping[str, OutletPlan]
) -> StationPlan:
    return StationPlan(
        destination,
        station,
        tuple(outlets[one] for one in station.outlets),
        wording=Wording(
            edition(destination.edition),
            absent=destination.absent,
            period_flag={str(medium): how for medium, how in destination.period_flag.items()},
            answer=destination.ack != "puback",
        ),
        since=None if station.since is None else _midnight(station.since),
        send_phase_s=_phase(station.mn or station.id, destination.send_window_s),
    )


def _phase(mn: str, window_s: float) -> float:
    """Spread the fleet over the window: always the same place in it for one MN."""
    digest = hashlib.sha256(mn.encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 * window_s


def _outlet(site: Site, outlet_id: str, profiles: Mapping[str, Profile]) -> OutletPlan:
    outlet = site.outlet(outlet_id)
    sampler = site.sampler_of(outlet_id)
    return OutletPlan(
        id=outlet.id,
        medium=outlet.medium,
        st=str(outlet.st),
        flow=_flow_of(outlet),
        factors={
            source.code: _factor(source, profiles[source.device.id])
            for source in site.sources(outlet_id)
        },
        sampler=sampler.id if sampler else None,
        keeping=Keeping(sampler.interval_min * 60, sampler.vessel_hold_min * 60)
        if sampler
        else None,
    )


def _factor(source: FactorSource, profile: Profile) -> FactorPlan:
    outlet, rule = source.outlet, source.rule
    known = factor(source.code, "hj212-2017")
    assert known is not None, "the settings were checked"
    batch = is_batch(source, profile)
    cycle_min, lag_min = cycle(source, profile) if batch else (None, 0)
    amount = _amount(known, outlet.medium, has_flow=_flow_of(outlet) is not None)
    low, high = rule.range or (None, None)
    poll_s = source.device.period_s
    age_s = poll_s * CONTINUOUS_AGE_PERIODS
    if cycle_min is not None:
        age_s = cycle_min * 60 * BATCH_AGE_CYCLES
    return FactorPlan(
        outlet=outlet.id,
        factor=source.code,
        device=source.device.id,
        point=source.point,
        judge=PointRule(
            outlet.id,
            source.code,
            known.unit,
            low,
            high,
            signed=may_be_negative(source.code, medium=outlet.medium),
        ),
        period=stats.PeriodRule(
            outlet.id,
            source.code,
            outlet.medium,
            cycle_min=cycle_min,
            amount=amount,
            # concentrations are weighted by flow; pH, temperature and the flow itself are not
            weighted=outlet.medium == "water" and amount.kind is stats.AmountKind.MASS,
        ),
        limits=tuple(rules.Limit(**limit.model_dump()) for limit in rule.limits),
        poll_s=poll_s,
        cycle_min=cycle_min,
        lag_min=lag_min,
        max_age_s=rule.max_age_s or age_s,
        timed=profile.measured_at is not None and source.point in profile.batch_points,
        corrected="oxygen" in rule.conversions,
        loop=_loop(source, known.unit),
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
