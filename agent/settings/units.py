"""Units that instruments and the wire use, and which of them can be turned into each other.

Each unit is a straight line to the first unit of its kind: first = factor * number + offset.
`km3` is a thousand cubic metres, as flow meters mean it. Spellings differ (m³/h, 立方米/小时, mg/l,
µg/L); `unit_of` knows the usual ones.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of some kind of quantity."""

    name: str
    kind: str
    factor: Fraction
    offset: Fraction = Fraction(0)


# kind -> unit -> how many of the first unit one of it is
_KINDS: dict[str, dict[str, str]] = {
    "number": {"": "1"},
    "volume flow": {
        "L/s": "1",
        "L/min": "1/60",
        "L/h": "1/3600",
        "m3/s": "1000",
        "m3/min": "1000/60",
        "m3/h": "1000/3600",
        "m3/d": "1000/86400",
        "km3/s": "1000000",
        "km3/min": "1000000/60",
        "km3/h": "1000000/3600",
    },
    "mass concentration": {
        "mg/L": "1",
        "g/L": "1000",
        "ug/L": "1/1000",
        "ng/L": "1/1000000",
        "kg/m3": "1000",
        "g/m3": "1",
        "mg/m3": "1/1000",
        "ug/m3": "1/1000000",
        "ng/m3": "1/1000000000",
    },
    "volume share": {"%": "1", "ppm": "1/10000", "ppb": "1/10000000"},
    "pressure": {
        "Pa": "1",
        "hPa": "100",
        "kPa": "1000",
        "MPa": "1000000",
        "mbar": "100",
        "bar": "100000",
    },
    "speed": {"m/s": "1", "m/min": "1/60", "m/h": "1/3600"},
    "length": {"m": "1", "cm": "1/100", "mm": "1/1000"},
    "area": {"m2": "1"},
    "volume": {"m3": "1", "L": "1/1000", "km3": "1000"},
    "mass": {"kg": "1", "t": "1000", "g": "1/1000", "mg": "1/1000000"},
    "conductivity": {"uS/cm": "1", "mS/cm": "1000", "mS/m": "10", "S/m": "10000"},
    "voltage": {"mV": "1", "V": "1000"},
    "current": {"A": "1", "mA": "1/1000"},
    "power": {"kW": "1", "W": "1/1000"},
    "energy": {"kWh": "1"},
    "sound": {"dB": "1"},
    "turbidity": {"NTU": "1"},
    "colour": {"CU": "1"},
    "angle": {"deg": "1"},
    "count": {"1/L": "1"},
    "radioactivity": {"Bq/L": "1"},
    "dust fall": {"t/(km2.month)": "1"},
    "turning": {"r/min": "1"},
    "time": {"min": "1", "s": "1/60", "h": "60"},
}
_TEMPERATURES = {
    "degC": (Fraction(1), Fraction(0)),
    "K": (Fraction(1), Fraction(-27315, 100)),
    "degF": (Fraction(5, 9), Fraction(-160, 9)),
}
_SPELLINGS = {
    "-": "",
    "1": "",
    "pH": "",
    "无量纲": "",
    "l/s": "L/s",
    "升/秒": "L/s",
    "升/分钟": "L/min",
    "立方米/秒": "m3/s",
    "立方米/小时": "m3/h",
    "立方米/天": "m3/d",
    "m3h": "m3/h",
    "mg/l": "mg/L",
    "ug/l": "ug/L",
    "ng/l": "ng/L",
    "克/升": "g/L",
    "毫克/升": "mg/L",
    "微克/升": "ug/L",
    "纳克/升": "ng/L",
    "千克/立方米": "kg/m3",
    "毫克/立方米": "mg/m3",
    "微克/立方米": "ug/m3",
    "纳克/立方米": "ng/m3",
    "mg/Nm3": "mg/m3",
    "°C": "degC",
    "C": "degC",
    "摄氏度": "degC",
    "°F": "degF",
    "帕": "Pa",
    "千帕": "kPa",
    "米/秒": "m/s",
    "米": "m",
    "平方米": "m2",
    "立方米": "m3",
    "千克": "kg",
    "克": "g",
    "毫克": "mg",
    "吨": "t",
    "%vol": "%",
    "%RH": "%",
    "百分比": "%",
    "微西[门子]/厘米": "uS/cm",
    "毫伏[特]": "mV",
    "毫伏": "mV",
    "伏": "V",
    "安[培]": "A",
    "安": "A",
    "千瓦": "kW",
    "千瓦时": "kWh",
    "kW.h": "kWh",
    "分贝": "dB",
    "度": "NTU",
    "FNU": "NTU",
    "[色]度": "CU",
    "[角]度": "deg",
    "°": "deg",
    "个/升": "1/L",
    "贝可[勒尔]/升": "Bq/L",
    "吨/平方千米.月": "t/(km2.month)",
    "转/分钟": "r/min",
    "rpm": "r/min",
    "分钟": "min",
    "秒": "s",
    "小时": "h",
}


def _all() -> Iterator[Unit]:
    for kind, units in _KINDS.items():
        for name, factor in units.items():
            above, _, below = factor.partition("/")
            yield Unit(name, kind, Fraction(int(above), int(below or 1)))
    for name, (factor_, offset) in _TEMPERATURES.items():
        yield Unit(name, "temperature", factor_, offset)


UNITS: dict[str, Unit] = {unit.name: unit for unit in _all()}


def unit_of(text: str) -> Unit | None:
    """Give the unit a text means; None for a text that means none we know."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace("\u03bc", "u")
    plain = plain.replace("·", ".").replace("•", ".")
    return UNITS.get(_SPELLINGS.get(plain, plain))


def convertible(unit: str, wire_unit: str) -> bool:
    """Tell whether numbers of one unit can be turned into another by arithmetic alone."""
    one, other = unit_of(unit), unit_of(wire_unit)
    return one is not None and other is not None and one.kind == other.kind


def needs_conversion(unit: str, wire_unit: str) -> bool:
    """Tell whether the way needs a molar mass: a volume share that is to become a mass."""
    one, other = unit_of(unit), unit_of(wire_unit)
    if one is None or other is None:
        return False
    return {one.kind, other.kind} == {"volume share", "mass concentration"}
