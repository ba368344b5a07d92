"""How marks of an outlet are proposed and held against what was measured (docs/rules.md)."""

from __future__ import annotations

import csv
import functools

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from agent.settings.config import config_directory
from drivers.settings import Id, Model


class Witness(Model):
    """A factor of another outlet that tells whether the plant runs, as electricity does."""

    outlet: Id = Field(description="排放口或用电、工况点位编号")
    factor: str = Field(min_length=1, description="因子编码")
    above: float = Field(description="高于它即在运行，按上传单位")


class MarkSettings(Model):
    """Industry set, witnesses and thresholds of an outlet's marks."""

    industry: str = Field(
        default="", description="工况标记集：incineration、thermal-power、cement、paper；不写即通用"
    )
    quota_hours: dict[str, float] = Field(
        default_factory=dict, description="豁免额度（小时），按额度编号；不写取规则表"
    )
    stop_flow_limit: float = Field(
        default=0.0, ge=0, description="停运期间允许的最大分钟流量，按上传单位（MARK-10）"
    )
    stop_oxygen: float = Field(
        default=19.0, gt=0, le=21, description="氧含量低于它即在运行（%）（MARK-08）"
    )
    stop_temperature: float | None = Field(
        default=None, description="烟温高于它即在运行（°C）；不写即不问"
    )
    power: Witness | None = Field(default=None, description="用电佐证（AF-19）")
    load: Witness | None = Field(default=None, description="负荷佐证（AF-19）")
    stop_min: int = Field(default=30, ge=1, le=1440, description="短于它不建议停运（分钟）")
    near_min: int = Field(
        default=30, ge=0, le=1440, description="标记起点与超标相距多少分钟以内即提示（MARK-08）"
    )
    repeats: int = Field(default=3, ge=2, le=100, description="同一时刻或工序维护几次即提示")
    repeat_days: int = Field(default=7, ge=1, le=366, description="在多少天以内")
    cutoff_hour: float = Field(
        default=12.0, ge=0, le=24, description="人工标记截止时间：次日几时（MARK-06）"
    )

    @field_validator("industry")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in known_industries():
            allowed = ", ".join(known_industries())
            raise PydanticCustomError("industry", "one of {allowed} expected", {"allowed": allowed})
        return value


@functools.cache
def known_industries() -> tuple[str, ...]:
    """Give the industries that have marks of their own, from `config/marks/kinds.csv`."""
    path = config_directory() / "marks" / "kinds.csv"
    with path.open(encoding="utf-8", newline="") as file:
        names = (row["industry"] for row in csv.DictReader(file))
        return tuple(dict.fromkeys(name for name in names if name != "all"))
