"""Outlets: medium, chain of facilities, factors, limits, plate."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from agent.settings.furnace import FurnaceSettings
from agent.settings.gas import Conversion, Curve, GasSettings
from agent.settings.health import HealthSettings
from agent.settings.marks import MarkSettings
from agent.settings.references import References
from agent.settings.statistics import StatisticsSettings
from agent.settings.watch import WatchSettings
from drivers.settings import Id, Model

Medium = Literal["water", "gas", "noise", "electricity", "process"]


def _only_iso(value: object) -> object:
    """Keep pydantic from taking a number for a time stamp: 20260101 is a slip, not 1970."""
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return value
    raise PydanticCustomError("iso_date", "a date as 2026-01-31 is expected")


Date = Annotated[datetime.date, BeforeValidator(_only_iso)]

# System codes of the header (HJ 212-2017 §6.6.1; 44 and 45 from HJ 212-2025).
_ST: dict[str, int] = {"gas": 31, "water": 32, "noise": 36, "electricity": 44, "process": 45}

# How a discharge permit numbers outlets: DW waste water, YS rain water, DA waste gas.
_USUAL_ID = {"water": re.compile(r"(DW|YS)\d{3}"), "gas": re.compile(r"DA\d{3}")}


def st_of(medium: Medium) -> int:
    """Give the ST of the header for a medium."""
    return _ST[medium]


class Facility(Model):
    """A production line or a treatment plant, numbered as in the discharge permit."""

    id: Id = Field(description="许可证中的设施编号，如 MF0001、TW001")
    name: str = ""


class TreatmentFacility(Facility):
    """A treatment plant and the production it serves."""

    serves: tuple[Id, ...] = Field(default=(), description="所治理的生产设施编号")


class Facilities(Model):
    """The chain production → treatment; outlets name their treatment."""

    production: tuple[Facility, ...] = ()
    treatment: tuple[TreatmentFacility, ...] = ()


class Limit(Model):
    """One limit of one factor, in the factor's wire unit, from a date on and with its source."""

    high: float | None = Field(default=None, description="上限，按上传单位")
    low: float | None = Field(default=None, description="下限（如 pH）")
    on: Literal["measurement", "hour", "day"] = Field(
        default="hour", description="measurement 每个测量值，hour 小时值，day 日均值"
    )
    since: Date | None = Field(default=None, description="自该日起适用；不写即一直适用")
    source: str = Field(default="", description="标准、表、级别，或许可证编号")
    rows: int = Field(default=1, ge=1, le=60, description="连续几个值超限才算超标")
    retain: bool = Field(default=False, description="超标即留样")
    until: Date | None = Field(default=None, description="适用的最后一日；不写即一直适用")
    rank: Literal["permit", "local", "national"] = Field(
        default="national", description="出处：permit 许可证先于 local 地方标准先于 national 国标"
    )
    colder: float | None = Field(
        default=None, description="仅当水温（w01010）不高于它时适用（°C），如氨氮的 12"
    )


class Sampling(Model):
    """How a batch analyzer relates to the hour whose water it analysed (WAT-05)."""

    cycle_min: int | None = Field(
        default=None, ge=5, le=1440, description="分析周期（分钟）；不写取仪器配置"
    )
    lag_min: int | None = Field(
        default=None,
        ge=0,
        le=2880,
        description="仪器时间减去该分钟数所在的整点小时即采样小时；不写等于分析周期",
    )


class Counter(Model):
    """A flow meter's own counter: what it has counted, and when it begins again."""

    points: tuple[str, ...] = Field(
        default=("total",), min_length=1, description="累计流量测点；整数、小数分开的写两个"
    )
    rollover_m3: float | None = Field(default=None, gt=0, description="计数到多少（m³）后归零")


class ActiveSpan(Model):
    """A contact or register that tells which measuring range is in use."""

    device: Id | None = Field(default=None, description="同一总线上的仪器；不写即模拟量所在模块")
    point: str = Field(min_length=1, description="给出当前量程的测点（开关量或寄存器）")
    spans: dict[int, tuple[float, float]] = Field(
        min_length=1, description="测点读数对应的量程，如 {0: [0, 100], 1: [0, 1000]}"
    )


class Analogue(Model):
    """What the current of an analogue input means. Fault limits as NAMUR NE 43 unless set."""

    raw: tuple[float, float] = Field(default=(4.0, 20.0), description="信号下限、上限，按测点单位")
    span: tuple[float, float] = Field(description="对应的量程下限、上限")
    unit: str = Field(default="", description="量程的单位；不写即上传单位")
    root: bool = Field(default=False, description="开方（差压流量计）")
    fault: tuple[float, float] | None = Field(
        default=(3.6, 21.0), description="不高于前者、不低于后者即回路故障；null 为不判断"
    )
    zero_from: float | None = Field(
        default=None,
        description="如 3.8：从该值到信号下限按量程下限计；不写即照算",
    )
    active: ActiveSpan | None = Field(default=None, description="自动换量程时当前量程从哪里读")


class FactorRule(Model):
    """Where a factor of an outlet comes from and how it is judged."""

    device: Id = Field(description="仪器编号（devices 中的 id）")
    point: str | None = Field(default=None, min_length=1, description="测点；不写即因子编码本身")
    range: tuple[float, float] | None = Field(
        default=None, description="[下限, 上限]，按上传单位；超出即标记超量程"
    )
    analogue: Analogue | None = Field(default=None, description="测点是 4–20 mA 等模拟量时的换算")
    conversions: tuple[Conversion, ...] = Field(
        default=(), description="由本机完成的折算；仪器已折算的不得再写"
    )
    molar_mass: float | None = Field(
        default=None, gt=0, le=500, description="mass 折算用的摩尔质量（g/mol）；不写取规则表"
    )
    curve: Curve | None = Field(default=None, description="curve 折算用的相关曲线")
    reference_oxygen: float | None = Field(
        default=None, ge=0, lt=21, description="本因子的基准氧含量（%）；不写取 gas 的"
    )
    sampling: Sampling | None = Field(default=None, description="仅用于批次分析仪")
    calibration_h: float | None = Field(
        default=None, gt=0, le=8760, description="两次校准最长间隔（小时），超期即失控；不写即不查"
    )
    references: References = Field(
        default=References(), description="核查、校准的标称值，判定合格与否用"
    )
    max_age_s: float | None = Field(
        default=None, gt=0, le=172_800, description="实时数据最长可用时间（秒）"
    )
    volume: Literal["integral", "counter"] = Field(
        default="integral", description="流量因子的累计：integral 按样本累加，counter 按仪表累计"
    )
    counter: Counter | None = Field(default=None, description="流量计自己的累计流量")
    limits: tuple[Limit, ...] = ()


class Plate(Model):
    """The plate with the QR code at the outlet."""

    code: str = Field(min_length=1, description="排污口二维码编号")
    url: str = ""
    longitude: float | None = Field(default=None, ge=-180, le=180)
    latitude: float | None = Field(default=None, ge=-90, le=90)


class Outlet(Model):
    """A discharge outlet with its factors by code."""

    id: Id = Field(description="排放口编号，如 DW001、DA001")
    name: str = ""
    medium: Medium = Field(
        description="water 废水，gas 废气，noise 噪声，electricity 用电，process 工况"
    )
    treatment: tuple[Id, ...] = Field(default=(), description="所属治理设施编号")
    plate: Plate | None = None
    permit_totals: dict[str, float] = Field(
        default_factory=dict, description="许可年排放量（吨/年），按因子编码"
    )
    flow: str | None = Field(default=None, description="加权用的流量因子编码，如 w00000")
    gas: GasSettings = Field(default=GasSettings(), description="废气折算用的参数")
    statistics: StatisticsSettings = Field(
        default=StatisticsSettings(), description="时段数据的有效性"
    )
    marks: MarkSettings = Field(default=MarkSettings(), description="标记的建议与核对")
    watch: WatchSettings = Field(default=WatchSettings(), description="数据异常巡查（AF）")
    health: HealthSettings = Field(default=HealthSettings(), description="健康声明的扣分")
    furnace: FurnaceSettings = Field(
        default=FurnaceSettings(), description="垃圾焚烧炉膛温度：5 分钟均值与次数"
    )
    factors: dict[str, FactorRule] = Field(default_factory=dict, description="按因子编码")

    @property
    def st(self) -> int:
        """The ST of the header."""
        return st_of(self.medium)

    @property
    def usual_id(self) -> bool:
        """Whether the id looks as a discharge permit numbers outlets of this medium."""
        usual = _USUAL_ID.get(self.medium)
        return usual is None or usual.fullmatch(self.id) is not None
