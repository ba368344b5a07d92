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
from agent.tools.simulate.ears import AsciiEar, Ear, FrameEar, RtuEar
from agent.tools.simulate.faults import Fault, Kind
from agent.tools.simulate.instrument import Instrument
from agent.tools.simulate.player import Player, converted
from agent.tools.simulate.speaker import Speaker
from agent.tools.simulate.tongues import TONGUES
from agent.tools.simulate.units import Units
from drivers.device import Clock
from drivers.profile import Profile, load_profile
from drivers.settings import DeviceSettings, TcpBus
from protocols.hj212.factors import factor

EDITION = "hj212-2017"


@dataclass(frozen=True, slots=True)
class Play:
    """How the instruments are played. Seconds are the clock's, but `turnaround_s` is real.

    `cycle_s` replaces the cycle of every batch analyzer. `as_recorded` leaves the recordings as
    they are even where the site's limits are lower. `line_time` lets bytes take the time they take
    at the baud rate of their line.
    """

    cycle_s: float | None = None
    row_s: float = 60.0
    as_recorded: bool = False
    turnaround_s: float = 0.0
    line_time: bool = False
    sampler: Habits = field(default_factory=Habits)


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that is played: instruments and samplers by id, units by bus.

    `unplayed` are the devices nothing answers for, with their drivers.
    """

    instruments: dict[str, Player]
    samplers: dict[str, Dayue]
    units: dict[str, Units]
    unplayed: dict[str, str] = field(default_factory=dict)
    speaking: dict[str, FrameEar] = field(default_factory=dict)
    """Instruments with protocols of their own, by id."""

    def ears(self, site: Site, bus_id: str) -> list[Ear]:
        """Give who listens on a line of bytes: those with protocols of their own, then Modbus."""
        bus, units = site.bus(bus_id), self.units[bus_id]
        own = [one for one in self.speaking.values() if one.tongue.speaker.device.bus == bus_id]
        ascii_ = not isinstance(bus, TcpBus) and bus.framing == "ascii"
        return [*own, AsciiEar(units) if ascii_ else RtuEar(units)]

    def set_fault(self, site: Site, device_id: str, fault: Fault) -> None:
        """Let a device misbehave. Raises ValueError where its line has no such fault."""
        device = site.device(device_id)
        if (ear := self.speaking.get(device_id)) is not None:
            ear.set_fault(fault)
            return
        if fault.kind is Kind.CRC and isinstance(site.bus(device.bus), TcpBus):
            raise ValueError("Modbus TCP has no check sum")
        self.units[device.bus].set_fault(device.address, fault)


def set_stage(site: Site, clock: Clock, play: Play) -> Stage:
    """Build every instrument of a site. Raises `ProfileError`."""
    stage = Stage({}, {}, {bus.id: Units() for bus in site.buses})
    for device in (*site.devices, *site.samplers):
        profile = load_profile(device.profile, site.profile_directories)
        units = stage.units[device.bus]
        if not profile.modbus:
            _set_speaker(stage, site, device, profile, clock=clock, play=play)
            continue
        if profile.driver == "dayue-sampler":
            led = isinstance(device, SamplerSettings) and device.sequence == "agent"
            habits = replace(play.sampler, led=True) if led else play.sampler
            stage.samplers[device.id] = sampler = Dayue(clock, habits)
            units.add(device.address, DayueUnit(sampler))
            continue
        cycle = _cycle(profile, play)
        courses = _courses(site, device, profile, cycle=cycle, play=play)
        instrument = Instrument(device, profile, clock=clock, courses=courses, cycle=cycle)
        instrument.keeping.fill_s = play.sampler.fill_s
        stage.instruments[device.id] = instrument
        units.add(device.address, instrument)
    return stage


def _set_speaker(
    stage: Stage,
    site: Site,
    device: DeviceSettings,
    profile: Profile,
    *,
    clock: Clock,
    play: Play,
) -> None:
    """Put an instrument with a protocol of its own on its line; Modbus TCP carries none."""
    tongue = TONGUES.get(profile.driver)
    if tongue is None or isinstance(site.bus(device.bus), TcpBus):
        stage.unplayed[device.id] = profile.driver
        return
    cycle = _cycle(profile, play)
    courses = _courses(site, device, profile, cycle=cycle, play=play)
    speaker = Speaker(device, profile, clock=clock, courses=courses, cycle=cycle)
    speaker.keeping.fill_s = play.sampler.fill_s
    stage.instruments[device.id] = speaker
    stage.speaking[device.id] = FrameEar(tongue(speaker))


def _courses(
    site: Site, device: DeviceSettings, profile: Profile, *, cycle: Cycle | None, play: Play
) -> dict[str, Course]:
    row_s = cycle.length_s if cycle else play.row_s
    sources = by_point(site.sources_of(device.id))
    courses: dict[str, Course] = {}
    for point in profile.quantities:
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
    return courses


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
