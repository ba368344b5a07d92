"""What the gas chain of an outlet is calculated with: references, duct, and where inputs are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from drivers.settings import Model

Conversion = Literal[
    "curve", "mass", "pitot", "field", "area", "oxygens", "standard", "dry", "nox", "oxygen"
]

CHAIN: tuple[Conversion, ...] = (
    "curve",
    "mass",
    "pitot",
    "field",
    "area",
    "oxygens",
    "standard",
    "dry",
    "nox",
    "oxygen",
)
"""The order in which conversions are done, whatever their order in the file."""


def first_unit(conversions: Sequence[Conversion], *, own: str, wire: str) -> str:
    """Give the unit in which a factor's conversions take the instrument's number.

    `own` is the unit the instrument has it in; `wire` that of the factor.
    """
    if "curve" in conversions:
        return own
    if "mass" in conversions:
        return "ppm"
    if "pitot" in conversions:
        return "Pa"
    return "m/s" if "area" in conversions else wire


class Curve(Model):
    """Correlation of a particulate analyzer: slope * signal + intercept (CEMS-16)."""

    slope: float = Field(description="斜率")
    intercept: float = Field(default=0.0, description="截距；过零的 K 系数即不写")


class GasSettings(Model):
    """References and duct of a gas outlet. An input is a factor of the outlet, or a fixed number.

    Pressures in kPa, temperature in °C, moisture and oxygen in percent.
    """

    reference_oxygen: float | None = Field(
        default=None, ge=0, lt=21, description="基准氧含量（%）；与 excess_air 二选一"
    )
    excess_air: float | None = Field(
        default=None, ge=1, le=21, description="基准过量空气系数 α，如 1.4 即基准氧 6 %"
    )
    intake_oxygen: float = Field(
        default=21.0, ge=21, le=100, description="助燃空气初始氧含量（%），富氧燃烧才改"
    )
    oxygen_suspect: float = Field(
        default=19.0, ge=0, le=100, description="氧含量不低于此值时折算值可疑（O2_NEAR_AIR）"
    )
    zs_mode: Literal["minute_mean", "hour_ratio"] = Field(
        default="minute_mean",
        description="小时折算值：minute_mean 分钟折算值平均，hour_ratio 以小时均值折算",
    )
    ambient_pressure: str | float = Field(
        default=101.325, description="大气压（kPa）：固定值，或因子编码如 a01006"
    )
    pressure: str | float = Field(default="a01013", description="静压（kPa，表压）")
    temperature: str | float = Field(default="a01012", description="烟气温度（°C）")
    moisture: str | float = Field(default="a01014", description="烟气湿度（%）")
    oxygen: str = Field(default="a19001", description="干基氧含量的因子编码")
    no2: str = Field(default="a21004", description="nox 折算用的二氧化氮因子编码")
    duct_area_m2: float | None = Field(default=None, gt=0, description="烟道截面积（m²）")
    velocity_field: float = Field(default=1.0, gt=0, description="速度场系数 Kv")
    pitot: float = Field(default=0.84, gt=0, description="皮托管系数 Kp")
