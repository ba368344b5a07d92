"""What the workers go by: factors, outlets and stations as work. Nothing here is worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent import stats
from agent.model import Kind, Period
from agent.quality.chain import Chain
from agent.quality.judge import PointRule
from agent.quality.loop import Loop
from agent.report import PERIOD_CN, Wording
from agent.rules import Keeping, Limit
from agent.settings import Site
from agent.settings.destination import Destination, Station
from agent.settings.equipment import InputSettings
from agent.settings.references import References
from drivers.profile import Profile

CONTINUOUS_SETTLE_S = 5
BATCH_SETTLE_S = 15 * 60
"""What a batch analyzer may be late beyond one cycle (architecture §3.3)."""
CONTINUOUS_AGE_PERIODS = 3.0


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
