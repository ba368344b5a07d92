"""What events cost in the health statement of an outlet (docs/rules.md). All but one are ours."""

from __future__ import annotations

from pydantic import Field

from drivers.settings import Model


class HealthSettings(Model):
    """Points deducted (扣分); 0 deducts nothing. Only the suspension's 24 was ever published."""

    over_hour: float = Field(default=1, ge=0, description="有效小时值超标，每个")
    over_day: float = Field(default=4, ge=0, description="有效日均值超标，每个")
    stop_contradicted: float = Field(default=8, ge=0, description="停运与数据矛盾，每日")
    uncontrolled: float = Field(default=4, ge=0, description="失控 72 小时未处理，每次")
    supervision_late: float = Field(default=2, ge=0, description="督办逾期，每次")
    round_missed: float = Field(default=1, ge=0, description="自查漏做，每日")
    parameter_unmarked: float = Field(default=8, ge=0, description="无标记改参数，每次")
    suspension: float = Field(default=24, ge=0, description="责令停产整治（已公布）")
