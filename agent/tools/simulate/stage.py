"""From a site file to instruments: which profile, which courses, which line."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace

from agent.settings import Site
from agent.settings.equipment import SamplerSettings
from agent.settings.outlet import Limit
from agent.settings.site import FactorSource
from agent.tools.simulate.chains import by_point, played_code, room_for
from agent.tools.simulate.courses import Course, course, known, plain_course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.dayue import Dayue, Habits
from agent.tools.simulate.dayue_registers import DayueUnit
from agent.tools.simulate.instrument import Instrument, converted
from agent.tools.simulate.units import Units
from drivers.device import Clock
from drivers.profile import Profile, load_profile
from drivers.settings import DeviceSettings
from protocols.hj212.factors import factor

EDITION = "hj212-2017"


@dataclass(frozen=True, slots=True)
class Play:
    """How the instruments are played. Seconds are the clock's, but `turnaround_s` is real.

    `cycle_s` replaces the cycle of every batch analyzer. `as_recorded` leaves the recordings as
    they are even where the site's limits are lower.
    """

    cycle_s: float | None = None
    row_s: float = 60.0
    as_recorded: bool = False
    turnaround_s: float = 0.0
    sampler: Habits = field(default_factory=Habits)


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that is played: instruments and samplers by id, units by bus.

    `unplayed` are the devices nothing answers for, with their drivers.
    """

    instruments: dict[str, Instrument]
    samplers: dict[str, Dayue]
    units: dict[str, Units]
    unplayed: dict[str, str] = field(default_factory=dict)

    def fault_place(self, site: Site, device_id: str) -> tuple[Units, int]:
        """Give where a device answers. Raises KeyError when the site has none of that id."""
        device = site.device(device_id)
        return self.units[device.bus], device.address


def set_stage(site: Site, clock: Clock, play: Play) -> Stage:
    """Build every Modbus instrument of a site. Raises `ProfileError`."""
    stage = Stage({}, {}, {bus.id: Units() for bus in site.buses})
    for device in (*site.devices, *site.samplers):
        profile = load_profile(device.profile, site.profile_directories)
        units = stage.units[device.bus]
        if not profile.modbus:
            stage.unplayed[device.id] = profile.driver
            continue
        if profile.driver == "dayue-sampler":
            led = isinstance(device, SamplerSettings) and device.sequence == "agent"
            habits = replace(play.sampler, led=True) if led else play.sampler
            stage.samplers[device.id] = sampler = Dayue(clock, habits)
            units.add(device.address, DayueUnit(sampler))
            continue
        instrument = _instrument(site, device, profile, clock=clock, play=play)
        stage.instruments[device.id] = instrument
        units.add(device.address, instrument)
    return stage


def _instrument(
    site: Site, device: DeviceSettings, profile: Profile, *, clock: Clock, play: Play
) -> Instrument:
    cycle = _cycle(profile, play)
    row_s = cycle.length_s if cycle else play.row_s
    sources = by_point(site.sources_of(device.id))
    courses: dict[str, Course] = {}
    for point in profile.points:
        source = sources.get(point.id)
        code, seed = played_code(point, source), f"{device.id}/{point.id}"
        if source is None and not known(code):
            if (plain := plain_course(point.units_said[0], seed=seed)) is not None:
                courses[point.id] = plain
            continue
        played = course(code, seed=seed, row_s=row_s)
        if source is not None and not play.as_recorded:
            played = _within_limits(played, source)
        courses[point.id] = played
    return Instrument(device, profile, clock=clock, courses=courses, cycle=cycle)


def _cycle(profile: Profile, play: Play) -> Cycle | None:
    if profile.batch is None:
        return None
    return Cycle(play.cycle_s or profile.batch.cycle_min * 60.0)


def _within_limits(played: Course, source: FactorSource) -> Course:
    """Keep the play below the strictest limit and within the range the site gives."""
    table = factor(source.code, EDITION)
    wire = table.unit if table else played.unit
    today = datetime.datetime.now(datetime.UTC).date()
    limits = [limit for limit in source.rule.limits if _in_force(limit, today)]
    room = room_for(source)
    highs = [limit.high * room for limit in limits if limit.high is not None]
    lows = [limit.low for limit in limits if limit.low is not None]
    if source.rule.range is not None:
        highs.append(source.rule.range[1])
    high = converted(min(highs), wire, played.unit) if highs else None
    low = converted(max(lows), wire, played.unit) if lows else None
    return played.within(low, high)


def _in_force(limit: Limit, today: datetime.date) -> bool:
    return limit.since is None or limit.since <= today
