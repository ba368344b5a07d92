"""The whole site file, and the look-ups that follow from it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import Field

from agent.settings.alarms import Alarms
from agent.settings.destination import AnyDestination, Destination, OpsServer, Station
from agent.settings.duty import Page, Person, Round
from agent.settings.equipment import CameraSettings, InputSettings, SamplerSettings
from agent.settings.evidence import EvidenceSettings
from agent.settings.outlet import Facilities, FactorRule, Outlet
from agent.settings.storage import Storage
from drivers.profile import USER_DIRECTORY, profile_directories
from drivers.settings import AnyBus, BusSettings, DeviceSettings, Id, Model


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


class Unit(Model):
    """The polluting unit (排污单位)."""

    code: str = Field(
        pattern=r"^[0-9A-Za-z]{1,32}$", description="污染源编码，22 位（统一社会信用代码加 4 位）"
    )
    name: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class FactorSource:
    """A factor of an outlet with the instrument it comes from."""

    outlet: Outlet
    code: str
    rule: FactorRule
    device: DeviceSettings

    @property
    def point(self) -> str:
        """The point of the device; the factor code where the file names none."""
        return self.rule.point or self.code


class Site(Model):
    """One site file."""

    unit: Unit
    facilities: Facilities = Facilities()
    outlets: tuple[Outlet, ...] = Field(min_length=1)
    buses: tuple[BusSettings, ...] = ()
    devices: tuple[DeviceSettings, ...] = ()
    samplers: tuple[SamplerSettings, ...] = ()
    cameras: tuple[CameraSettings, ...] = ()
    inputs: tuple[InputSettings, ...] = ()
    destinations: tuple[AnyDestination, ...] = Field(default=(), max_length=8)
    storage: Storage = Storage()
    evidence: EvidenceSettings = EvidenceSettings()
    time_source: Id = Field(default="system", description="system，或一个平台编号")
    alarms: Alarms = Alarms()
    rounds: tuple[Round, ...] = ()
    people: tuple[Person, ...] = ()
    page: Page | None = None
    profiles: str = Field(
        default=str(USER_DIRECTORY), pattern=r"^/", description="自有仪器配置的目录，先于自带的"
    )

    @property
    def profile_directories(self) -> list[Path]:
        """Give the folders its profiles are looked for in, its own first."""
        return profile_directories(Path(self.profiles))

    def outlet(self, outlet_id: str) -> Outlet:
        """Give an outlet by its id; KeyError when there is none."""
        return _by_id(self.outlets, outlet_id)

    def bus(self, bus_id: str) -> AnyBus:
        """Give a bus by its id; KeyError when there is none."""
        return _by_id(self.buses, bus_id)

    def device(self, device_id: str) -> DeviceSettings:
        """Give an instrument or a sampler by its id; KeyError when there is none."""
        return _by_id((*self.devices, *self.samplers), device_id)

    def sampler_of(self, outlet_id: str) -> SamplerSettings | None:
        """Give the sampler that stands at an outlet."""
        return next((s for s in self.samplers if s.outlet == outlet_id), None)

    def devices_on(self, bus_id: str) -> tuple[DeviceSettings, ...]:
        """Give the instruments and samplers of a bus, in the order of the file."""
        return tuple(d for d in (*self.devices, *self.samplers) if d.bus == bus_id)

    def platforms(self) -> tuple[Destination, ...]:
        """Give the destinations that take data."""
        return tuple(d for d in self.destinations if isinstance(d, Destination))

    def ops_servers(self) -> tuple[OpsServer, ...]:
        """Give the destinations of type ops."""
        return tuple(d for d in self.destinations if isinstance(d, OpsServer))

    def stations(self) -> Iterator[tuple[Destination, Station]]:
        """Give every station with its destination, in the order of the file."""
        for destination in self.platforms():
            for station in destination.stations:
                yield destination, station

    def sources(self, outlet_id: str | None = None) -> Iterator[FactorSource]:
        """Give the factors of one outlet, or of all, each with its device."""
        for outlet in self.outlets:
            if outlet_id in (None, outlet.id):
                for code, rule in outlet.factors.items():
                    yield FactorSource(outlet, code, rule, self.device(rule.device))

    def sources_of(self, device_id: str) -> tuple[FactorSource, ...]:
        """Give the factors that come from one device."""
        return tuple(s for s in self.sources() if s.rule.device == device_id)


def _by_id(things: Iterable[T], wanted: str) -> T:
    for thing in things:
        if thing.id == wanted:
            return thing
    raise KeyError(wanted)
