"""From where on the watch for falsified data speaks (docs/rules.md); for single factors apart."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from drivers.settings import Id, Model


class WatchRule(Model):
    """Thresholds of single factors (AF-01…08, AF-11, AF-12). Shares are of the measuring range."""

    constant_h: float = Field(default=4, gt=0, description="同一上传值持续几小时（AF-01）")
    band_h: float = Field(default=12, gt=0, description="几小时内变化小于 band（AF-01）")
    band: float = Field(default=0.01, gt=0, lt=1, description="占量程的比例（AF-01）")
    zero_h: float = Field(default=1, gt=0, description="排放时零值或负值几小时（AF-02）")
    narrow_days: int = Field(default=3, ge=1, le=30, description="几天（AF-03）")
    narrow: float = Field(default=0.02, gt=0, lt=1, description="始终在量程的该比例内（AF-03）")
    detection: float | None = Field(
        default=None, ge=0, description="检出限，按上传单位；不写即不查（AF-03）"
    )
    top_h: float = Field(default=1, gt=0, description="平顶几小时（AF-04）")
    top: float = Field(default=0.001, gt=0, lt=1, description="离量程上限不足该比例（AF-04）")
    limit_h: float = Field(default=6, gt=0, description="贴着限值几小时（AF-04）")
    limit_band: float = Field(default=0.02, gt=0, lt=1, description="低于限值不足该比例（AF-04）")
    sigmas: float = Field(default=5, gt=0, description="突变为前 24 小时标准差的几倍（AF-05）")
    times: float = Field(default=3, gt=1, description="times_min 分钟内变为几倍（AF-05）")
    times_min: float = Field(default=5, gt=0, le=1440, description="分钟（AF-05）")
    least_step: float = Field(
        default=0.05, ge=0, lt=1, description="小于量程该比例不算突变（AF-05）"
    )
    ph_variance: float = Field(default=0.01, ge=0, description="一天内 pH 方差小于它（AF-07）")
    ph_change: float = Field(default=2, gt=0, description="一小时内 pH 变化大于它（AF-07）")
    corrected_differs: float = Field(
        default=0.02, gt=0, lt=1, description="折算值与复算相差大于该比例（AF-07）"
    )
    oxygen_high: float = Field(
        default=19, gt=0, le=21, description="氧含量不低于它而颗粒物超限（%）（AF-07）"
    )
    repeat_min: int = Field(
        default=30, ge=10, le=720, description="连续多少个上传值与此前逐一相同（AF-06）"
    )
    repeat_values: int = Field(
        default=5, ge=2, le=100, description="其中至少有几个不同的值；否则属恒值（AF-06）"
    )
    shape_days: int = Field(default=7, ge=1, le=30, description="与前几日逐时比较（AF-06）")
    shape_equal: float = Field(
        default=0.9, gt=0, le=1, description="与前某日相同的小时不少于该比例（AF-06）"
    )
    shape_alike: float = Field(
        default=0.999, gt=0, le=1, description="与前某日逐时的相关系数不低于它（AF-06）"
    )
    alike: float = Field(
        default=0.995, gt=0, le=1, description="两个排放口同一因子的相关系数不低于它（AF-06）"
    )
    sent_differs: float = Field(
        default=0.01, gt=0, lt=1, description="仪器、本机、上传值相差大于该比例（AF-08）"
    )
    calibrations_a_day: int = Field(
        default=3, ge=1, le=100, description="一天校准多于几次（AF-11）"
    )
    shift: float = Field(default=0.2, gt=0, description="校准前后两小时均值相差大于该比例（AF-11）")
    response_min: float | None = Field(
        default=None,
        ge=1,
        le=240,
        description="反吹结束后几分钟内应回到反吹前的水平；不写即不查（AF-12）",
    )


class LineDemand(Model):
    """Something that must be so on the way of the sample: a contact, or a value within bounds."""

    name: str = Field(min_length=1, max_length=40, description="如 探头温度、采样泵")
    rule: Literal["AF-12", "AF-13"] = Field(
        default="AF-12", description="AF-12 烟气取样管路，AF-13 水样管路"
    )
    input: Id | None = Field(default=None, description="开关量编号；与 factor 二选一")
    on: bool = Field(default=True, description="开关量应为“是”；false 应为“否”")
    outlet: Id | None = Field(default=None, description="因子所在点位；不写即本排放口")
    factor: str | None = Field(default=None, min_length=1, description="因子编码")
    low: float | None = Field(default=None, description="不低于它，如探头、伴热管线 120 °C")
    high: float | None = Field(default=None, description="不高于它，如冷凝器出口 6 °C")
    for_min: int = Field(default=10, ge=1, le=1440, description="不满足持续几分钟才提示")
    always: bool = Field(default=False, description="不排放时也应如此")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.input is None) == (self.factor is None):
            raise PydanticCustomError("source", "either input or factor expected")
        if self.factor is not None and self.low is None and self.high is None:
            raise PydanticCustomError("bound", "low or high expected beside factor")
        return self


class Sequence(Model):
    """What must have been on before each result of a batch analyzer, in this order (AF-13)."""

    steps: tuple[Id, ...] = Field(
        default=(), max_length=8, description="开关量编号，依次：采样泵、水样桶满……"
    )
    within_min: int = Field(default=180, ge=1, le=2880, description="出值前多少分钟以内")


class CalibrationTimes(Model):
    """When calibrations are expected, local time (AF-11)."""

    hours: tuple[int, int] | None = Field(
        default=(8, 18), description="人工校准的工作时间 [起, 止)，整点；null 为不查"
    )
    plan: tuple[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")], ...] = Field(
        default=(), max_length=24, description="自动校准的时刻；不写即不查"
    )

    @property
    def minutes(self) -> tuple[int, ...]:
        """The plan as minutes of the day."""
        return tuple(int(one[:2]) * 60 + int(one[3:]) for one in self.plan)


class Switched(Model):
    """What tells that treatment runs: a factor as electricity, above a value, or a contact."""

    input: Id | None = Field(default=None, description="运行开关量编号；与 outlet、factor 二选一")
    outlet: Id | None = Field(default=None, description="用电或工况点位编号")
    factor: str | None = Field(default=None, min_length=1, description="因子编码")
    above: float = Field(default=0.0, description="高于它即在运行，按上传单位")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.input is None) == (self.factor is None or self.outlet is None):
            raise PydanticCustomError("source", "either input or outlet and factor expected")
        return self


class WatchSettings(WatchRule):
    """The watch of an outlet: on, its thresholds, and those of single factors."""

    on: bool = Field(
        default=True, description="是否巡查；结果只在本机，平台订阅 falsification 才发"
    )
    quiet_days: int = Field(
        default=30, ge=1, le=366, description="多少天没有再现即结案，再现另起一案"
    )
    filed: dict[Id, dict[str, float]] = Field(
        default_factory=dict, description="备案参数：仪器编号 → 参数 → 值（AF-10）"
    )
    calibrations: CalibrationTimes = CalibrationTimes()
    line: tuple[LineDemand, ...] = Field(
        default=(), max_length=32, description="取样管路应满足的条件（AF-12、AF-13）"
    )
    sequence: Sequence = Sequence()
    blow_back: Id | None = Field(
        default=None, description="反吹开关量编号；不写则以不长于 blow_back_min 的 C 标记时段为准"
    )
    blow_back_min: int = Field(
        default=10, ge=1, le=120, description="没有开关量时：更长的 C 标记时段是校准（AF-12）"
    )
    clock_step_s: float = Field(default=30, gt=0, description="时钟跳变大于几秒（AF-14）")
    label_ahead_s: float = Field(default=900, gt=0, description="结果时间超前几秒（AF-14）")
    label_old_h: float = Field(default=24, gt=0, description="结果时间滞后几小时（AF-14）")
    against_min: int = Field(
        default=15, ge=1, le=1440, description="与标记矛盾至少几分钟（AF-16、AF-19）"
    )
    ups_h: float = Field(default=2, gt=0, description="停电后至少应撑几小时（AF-18）")
    treatment: tuple[Switched, ...] = Field(
        default=(), max_length=16, description="治理设施的运行佐证：用电、工况或开关量"
    )
    treatment_min: int = Field(default=10, ge=1, le=1440, description="排放而治理停运几分钟")
    emergency: tuple[Id, ...] = Field(
        default=(), max_length=16, description="应急阀、应急池、旁路的开关量编号"
    )
    factors: dict[str, WatchRule] = Field(
        default_factory=dict, description="单个因子不同的阈值，按因子编码；没写的键同上"
    )

    def of(self, factor: str) -> WatchRule:
        """Give the thresholds of a factor."""
        own = self.factors.get(factor)
        if own is None:
            return self
        return self.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})
