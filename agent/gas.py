"""Formulas of flue gas: state, moisture, oxygen, velocity, flow (CEMS-01…16 but for the mass).

Source: HJ 75-2017 annex C and HJ 76-2017, as two public implementations number them; the papers
were not opened. Quantities carry their unit in the name; `moisture` is a fraction, 0 to 1.
"""

from __future__ import annotations

import math

STANDARD_PA = 101_325.0
FREEZING_K = 273.0
"""Absolute zero to 0 °C as the standard writes it, not 273.15 (CEMS-01)."""
MOLAR_VOLUME_L = 22.4
AIR_OXYGEN = 21.0
"""Oxygen of air in percent: at and above it nothing can be converted (CEMS-08)."""
INVALID_INPUT = "涉及因子无效"
"""Why a calculated value is missing: a quantity that goes into it was not usable (CEMS-08)."""
O2_NEAR_AIR = "O2_NEAR_AIR"
"""What is said of a value converted with an oxygen not far from that of air (CEMS-08)."""
MOLAR_MASS: dict[str, float] = {
    "a21026": 64.0,  # SO2
    "a21003": 30.0,  # NO
    "a21004": 46.0,  # NO2
    "a21002": 46.0,  # NOx as NO2
    "a21005": 28.0,  # CO
    "a21024": 36.5,  # HCl
    "a21022": 20.0,  # HF
    "a21001": 17.0,  # NH3
}
"""g/mol by factor code (CEMS-03); some tools use 64.06, 30.006, 46.005."""


class NotComputable(Exception):
    """A formula has no answer for these figures; the message says which one."""


def state_factor(*, gas_c: float, pressure_pa: float) -> float:
    """Give by what an actual-state concentration grows at 0 °C and 101 325 Pa (CEMS-01).

    `pressure_pa` is absolute: ambient plus static. Raises NotComputable.
    """
    if pressure_pa <= 0 or gas_c <= -FREEZING_K:
        raise NotComputable(f"no gas at {pressure_pa:g} Pa and {gas_c:g} °C")
    return STANDARD_PA / pressure_pa * (FREEZING_K + gas_c) / FREEZING_K


def dry_share(moisture: float) -> float:
    """Give the share of dry gas (CEMS-02). Raises NotComputable outside of 0 to below 1."""
    if not 0 <= moisture < 1:
        raise NotComputable(f"moisture {moisture * 100:g} %")
    return 1 - moisture


def mass_concentration(ppm: float, *, molar_mass: float) -> float:
    """Give mg/m3 at standard conditions of a volume share in ppm (CEMS-03)."""
    return molar_mass / MOLAR_VOLUME_L * ppm


def nox_as_no2(no_mg_m3: float, no2_mg_m3: float) -> float:
    """Give NOx as NO2 of both, in mg/m3 (CEMS-04; from volumes CEMS-05 gives the same)."""
    return no_mg_m3 * 46 / 30 + no2_mg_m3


def reference_oxygen(alpha: float) -> float:
    """Give the reference oxygen that a reference coefficient stands for (CEMS-07)."""
    return AIR_OXYGEN - AIR_OXYGEN / alpha


def oxygen_factor(oxygen: float, *, reference: float, intake: float = AIR_OXYGEN) -> float:
    """Give by what a dry concentration changes at reference oxygen (CEMS-07, CEMS-09).

    `intake`: oxygen of the combustion air in percent. Raises NotComputable where the gas has as
    much oxygen as that, and no more burns (CEMS-08).
    """
    if oxygen >= intake:
        raise NotComputable(f"oxygen {oxygen:g} % is not below {intake:g} %")
    return (intake - reference) / (intake - oxygen)


def gas_density(*, gas_c: float, pressure_pa: float) -> float:
    """Give kg/m3 of flue gas (CEMS-11, simplification of GB/T 16157). Raises NotComputable."""
    return 1.34 / state_factor(gas_c=gas_c, pressure_pa=pressure_pa)


def pitot_velocity(differential_pa: float, *, density: float, kp: float) -> float:
    """Give m/s at the point of a Pitot tube (CEMS-11). Raises NotComputable below zero."""
    if differential_pa < 0:
        raise NotComputable(f"differential pressure {differential_pa:g} Pa")
    return kp * math.sqrt(2 * differential_pa / density)


def actual_flow(velocity_m_s: float, *, area_m2: float) -> float:
    """Give m3/s at actual state (CEMS-12; the paper counts per hour, 3600 times as much)."""
    return area_m2 * velocity_m_s


def moisture_of(*, wet_oxygen: float, dry_oxygen: float) -> float:
    """Give the moisture that two oxygens tell (CEMS-14). Raises NotComputable."""
    if dry_oxygen <= 0 or not 0 <= wet_oxygen <= dry_oxygen:
        raise NotComputable(f"oxygen wet {wet_oxygen:g} %, dry {dry_oxygen:g} %")
    return 1 - wet_oxygen / dry_oxygen


def signal_concentration(signal: float, *, slope: float, intercept: float) -> float:
    """Give what a particulate analyzer's signal stands for by its correlation (CEMS-16)."""
    return intercept + slope * signal
