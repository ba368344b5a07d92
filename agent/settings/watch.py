"""From where on the watch for falsified data speaks (docs/rules.md); for single factors apart."""

from __future__ import annotations

from pydantic import Field

from drivers.settings import Model


class WatchRule(Model):
    """Thresholds of AF-01…05 and AF-07. Shares are of the measuring range."""

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


class WatchSettings(WatchRule):
    """The watch of an outlet: on, its thresholds, and those of single factors."""

    on: bool = Field(
        default=True, description="是否巡查；结果只在本机，平台订阅 falsification 才发"
    )
    quiet_days: int = Field(
        default=30, ge=1, le=366, description="多少天没有再现即结案，再现另起一案"
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
