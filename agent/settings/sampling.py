"""How a sampler keeps water: what each factor asks for, and who leads the station's sequence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from drivers.settings import Id, Model

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
LONGEST_VERDICT_MIN = 55
"""The vessel is filled again two hours after it was begun: it has to be drained before."""


class FactorKeeping(Model):
    """What one factor asks for (SMP-03). What is left out is as for the sampler."""

    high: float | None = Field(default=None, description="留样上限（上传单位）；不写按排放限值")
    low: float | None = Field(default=None, description="留样下限（如 pH）")
    bottles: int | None = Field(default=None, ge=1, le=6, description="平行样瓶数")
    interval_min: int | None = Field(
        default=None, ge=0, le=10_080, description="两次留样的最短间隔（分钟）"
    )
    every: bool = Field(default=False, description="同步留样：仪器每测一次都留（受间隔限制）")
    holding_h: float | None = Field(
        default=None, gt=0, le=8760, description="留样保存时限（小时），到期前提醒"
    )


class Sequence(Model):
    """The hour's sequence where the agent leads it: fill, supply, start, judge, keep or drain."""

    proportional: Literal["time", "flow"] = Field(
        default="time", description="混合样：等时、等比例"
    )
    every_min: int = Field(default=15, ge=5, le=60, description="time：每隔多少分钟采一份")
    every_m3: float | None = Field(default=None, gt=0, description="flow：每流过多少立方米采一份")
    most: int = Field(default=24, ge=1, le=60, description="一小时最多采几份（防溢出）")
    stagger_min: int = Field(default=2, ge=0, le=30, description="各仪器依次启动的间隔（分钟）")
    check_at: Clock | None = Field(default=None, description="每日标样核查时刻（时:分）")
    verdict_min: int = Field(
        default=50, ge=5, le=LONGEST_VERDICT_MIN, description="供样后等多久出结果（分钟）"
    )
    no_verdict: Literal["drain", "retain"] = Field(
        default="drain", description="到时没有结果：drain 排空，retain 留样"
    )


class Sampling(Model):
    """What a sampler's settings say beyond bottles, interval and hold."""

    factors: dict[str, FactorKeeping] = Field(default={}, description="按因子设定")
    timed: tuple[Clock, ...] = Field(default=(), description="定时留样时刻（时:分）")
    sequence: Literal["agent", "sampler", "analyzer"] = Field(
        default="sampler", description="由谁主导采样—供样—分析—留样：本机、采样器、分析仪"
    )
    course: Sequence = Field(default=Sequence(), description="sequence 为 agent 时的流程")
    analyzers: tuple[Id, ...] = Field(default=(), description="由本机启动的分析仪；不写即全部")
    warn_free: int = Field(default=2, ge=0, le=24, description="空瓶只剩这么多时提醒")
    door_min: float = Field(default=30, ge=1, le=1440, description="门开多久算异常（分钟）")
    holding_h: float = Field(default=24, gt=0, le=8760, description="留样保存时限（小时）")
