"""Driver names of profiles to the classes that play them."""

from __future__ import annotations

from drivers.ascii import Ascii
from drivers.binary_samplers import KeshengSampler, ShijiazhuangSampler
from drivers.bus import Bus
from drivers.clink import CLink
from drivers.dcon import Dcon
from drivers.device import Clock
from drivers.dlt645 import Dlt645
from drivers.elan import Elan
from drivers.frame_device import FrameDevice
from drivers.hj212_serial import Hj212Device
from drivers.isco import Isco
from drivers.language import Language
from drivers.megatec import Megatec
from drivers.mewtocol import Mewtocol
from drivers.modbus import ModbusDevice
from drivers.profile_model import Driver, Profile
from drivers.sampler import DayueSampler
from drivers.settings import DeviceSettings

Instrument = ModbusDevice | DayueSampler | FrameDevice

LANGUAGES: dict[Driver, type[Language]] = {
    "ascii": Ascii,
    "thermo-clink": CLink,
    "siemens-elan": Elan,
    "mewtocol": Mewtocol,
    "dcon": Dcon,
    "megatec": Megatec,
    "isco": Isco,
    "dlt645": Dlt645,
    "kesheng-sampler": KeshengSampler,
    "shijiazhuang-sampler": ShijiazhuangSampler,
}
OTHERS: dict[Driver, type[ModbusDevice | DayueSampler | Hj212Device]] = {
    "modbus": ModbusDevice,
    "dayue-sampler": DayueSampler,
    "hj212-serial": Hj212Device,
}
DRIVERS: frozenset[str] = frozenset({*LANGUAGES, *OTHERS})


def open_device(
    settings: DeviceSettings, profile: Profile, *, bus: Bus, clock: Clock
) -> Instrument:
    """Make the device of a profile on its bus. Nothing is asked before its first reading.

    Raises ProfileError when the site file overrides a point the profile does not have.
    """
    language = LANGUAGES.get(profile.driver)
    if language is not None:
        return FrameDevice(settings, profile, language=language, bus=bus, clock=clock)
    return OTHERS[profile.driver](settings, profile, bus=bus, clock=clock)
