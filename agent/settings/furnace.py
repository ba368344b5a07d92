"""The furnace temperature of waste incineration: which factor it is, and how hot it has to be."""

from __future__ import annotations

from pydantic import Field

from drivers.settings import Model


class FurnaceSettings(Model):
    """Five-minute means of an outlet's furnace temperature (Order 10 art. 7, K)."""

    factor: str = Field(
        default="a01901",
        min_length=1,
        description="炉膛温度因子；排放口有它即计算 5 分钟均值并以 2111 上报",
    )
    least: float = Field(default=850.0, description="5 分钟均值低于它即计一次（°C）")
    allowed: int = Field(default=5, ge=0, le=288, description="一日内允许的次数，多于它即不达标")
