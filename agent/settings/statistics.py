"""Validity of periods: what the rules leave open or nobody read on paper (docs/rules.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drivers.settings import Model


class StatisticsSettings(Model):
    """How much must be there, per outlet; the defaults are those of the rules."""

    minute_share: float = Field(
        default=0.75, gt=0, le=1, description="有效分钟所需样本比例（STAT-03）"
    )
    minutes: int = Field(default=45, ge=1, le=60, description="有效小时所需分钟数（STAT-04）")
    stopped_minutes: int = Field(
        default=15, ge=0, le=59, description="停运分钟数超过它即停运小时（STAT-07）"
    )
    marked_minutes: int = Field(
        default=15, ge=0, le=59, description="批次小时内标记分钟数超过它即无效（STAT-05）"
    )
    day_rule: Literal["fixed_20", "share_75_of_running"] = Field(
        default="fixed_20", description="废气有效日（STAT-08）"
    )
    hours: int = Field(default=20, ge=1, le=24, description="废气有效日所需小时数（STAT-08）")
    days: int = Field(default=25, ge=1, le=31, description="废气有效月所需日数（STAT-09）")
    february_days: int = Field(default=23, ge=1, le=29, description="二月所需日数（STAT-09）")
    share: float = Field(
        default=0.75, gt=0, le=1, description="废水日、月及 n 分钟所需比例（WAT-21）"
    )
    volume_differs: float = Field(
        default=0.02, gt=0, le=1, description="累计与积分相差超过该比例即告警"
    )
    zero_flow: float = Field(
        default=0.0, ge=0, description="平均流量不超过它即零流量，按上传单位（WAT-24）"
    )
