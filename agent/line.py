"""One line: its bus with every device on it, the polling and the orders, as one supervised task."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.actions import DeviceActions, Outcome
from agent.bells import Bells
from agent.bottle_watch import BottleWatch
from agent.clock import Clock
from agent.metrics import Metrics
from agent.near import Near
from agent.parameters import ParameterWatch, asking
from agent.plan import Plan
from agent.poll import BusPoll, DeviceState
from agent.probing import probe_facts
from agent.settings.storage import lines_directory
from agent.store.db import Store
from agent.store.series import Names
from agent.supervise import end, heed_cancellation
from agent.timekeeping import Timekeeper
from drivers.bus import Bus
from drivers.counts import Counts
from drivers.device import Device, Reading, Sampler
from drivers.frame_device import FrameDevice
from drivers.frame_sampler import FrameSampler
from drivers.modbus import ModbusDevice
from drivers.probe import probe_device
from drivers.profile_sampler import ProfileSampler
from drivers.recorder import recorded
from drivers.registry import Instrument, open_device
from drivers.retention import cannot_keep
from drivers.sampler import DayueSampler
from drivers.settings import BusSettings, DeviceSettings


@dataclass(frozen=True, slots=True)
class _Heedful:
    """A device whose caller hears of its own cancellation: a library may swallow it."""

    device: Device

    @property
    def id(self) -> str:
        """The name of the device in the site file."""
        return self.device.id

    async def read(self) -> Sequence[Reading]:
        """Ask for every point once. Raises DeviceError."""
        try:
            return await self.device.read()
        finally:
            heed_cancellation()


@dataclass(slots=True)
class Line:
    """The worker of one bus. It owns the port; nobody else opens it while this runs."""

    settings: BusSettings
    plan: Plan
    names: Names
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells
    metrics: Metrics
    near: Near = field(default_factory=Near)
    poll: BusPoll | None = field(default=None)
    counts: Counts | None = field(default=None)
    """What happened on the line since its worker began; None before."""

    async def run(self) -> None:
        """Poll and obey, until cancelled."""
        wanted = self.plan.site.devices_on(self.settings.id)
        lines = lines_directory(self.plan.site)
        async with (
            recorded(self.settings, lines, self.clock) as record,
            Bus(self.settings, record=record) as bus,
        ):
            self.counts = bus.counts
            devices = [
                (open_device(one, self.plan.profiles[one.id], bus=bus, clock=self.clock), one)
                for one in wanted
            ]
            self.poll = BusPoll(
                self.settings.id,
                [(_Heedful(device), one.period_s) for device, one in devices],
                plan=self.plan,
                names=self.names,
                store=self.store,
                clock=self.clock,
                time=self.time,
                bells=self.bells,
                metrics=self.metrics,
                near=self.near,
            )
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.poll.run())]
                for device, one in devices:
                    tasks.append(group.create_task(self._orders(bus, device, one).run()))
                    for watch in (self._watch(device), self._bottles(device)):
                        if watch is not None:
                            tasks.append(group.create_task(watch.run()))
                try:
                    await asyncio.wait(tasks)
                finally:
                    await end(tasks)

    @property
    def states(self) -> list[DeviceState]:
        """What is known of each device of this line."""
        return self.poll.states if self.poll else []

    @property
    def exchanges(self) -> dict[str, object]:
        """What became of the questions on this line, and of those to each device; plain JSON."""
        counts = self.counts or Counts()
        units = {
            one.id: counts.of(one.address).told()
            for one in self.plan.site.devices_on(self.settings.id)
        }
        return {"id": self.settings.id, **counts.told(), "devices": units}

    def knows(self, given: str) -> bool:
        """Say whether a contact of this line was seen standing since the start."""
        return self.poll is not None and self.poll.contacts.on(given) is not None

    def _watch(self, device: Instrument) -> ParameterWatch | None:
        ask = asking(device)
        if ask is None:
            return None
        return ParameterWatch(
            device.id,
            ask,
            self.plan.profiles[device.id].parameters_min * 60.0,
            self.plan,
            self.store,
            self.clock,
            self.time,
            self.bells,
        )

    def _bottles(self, device: Instrument) -> BottleWatch | None:
        sampler = sampler_of(device)
        settings = next((one for one in self.plan.site.samplers if one.id == device.id), None)
        if sampler is None or settings is None:
            return None
        return BottleWatch(
            settings,
            sampler,
            self.plan,
            self.names,
            self.store,
            self.clock,
            self.time,
            self.bells,
        )

    def _orders(self, bus: Bus, device: Instrument, settings: DeviceSettings) -> DeviceActions:
        async def probe() -> Outcome:
            found = await probe_device(
                settings, self.plan.profiles[settings.id], bus=bus, clock=self.clock
            )
            return probe_facts(found)

        instrument = device.device if isinstance(device, DayueSampler) else device
        return DeviceActions(
            settings.id,
            sampler_of(device),
            probe,
            self.plan,
            self.store,
            self.clock,
            self.bells,
            instrument,
        )

    def alive(self, grace_s: float) -> bool:
        """Say whether polling goes on: no device may wait longer than its period and the grace."""
        return self.poll is None or self.poll.alive(grace_s * max(1.0, self.clock.speed))


def sampler_of(device: Instrument) -> Sampler | None:
    """Give a device as a sampler that can prove a bottle; None where it is none."""
    if isinstance(device, DayueSampler):
        return device
    if isinstance(device, ModbusDevice) and cannot_keep(device.profile) is None:
        return ProfileSampler(device)
    if isinstance(device, FrameDevice) and cannot_keep(device.profile) is None:
        return FrameSampler(device)
    return None
