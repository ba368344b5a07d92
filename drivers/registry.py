"""Driver names of profiles to classes."""

from __future__ import annotations

from drivers.bus import Bus
from drivers.device import Clock
from drivers.modbus import ModbusDevice
from drivers.profile_model import Profile
from drivers.sampler import DayueSampler
from drivers.settings import DeviceSettings

DRIVERS: dict[str, type[ModbusDevice] | type[DayueSampler]] = {
    "modbus": ModbusDevice,
    "dayue-sampler": DayueSampler,
}


def open_device(
    settings: DeviceSettings, profile: Profile, *, bus: Bus, clock: Clock
) -> ModbusDevice | DayueSampler:
    """Make the device of a profile on its bus. Nothing is asked before its first reading.

    Raises ProfileError when the site file overrides a point the profile does not have.
    """
    return DRIVERS[profile.driver](settings, profile, bus=bus, clock=clock)
