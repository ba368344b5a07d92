"""What stands at an outlet beside the instruments: samplers, cameras, digital inputs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.settings.sampling import Sampling
from agent.settings.secrets import Secret
from drivers.settings import DeviceSettings, Id, Model


class SamplerSettings(Sampling, DeviceSettings):
    """A water sampler: a device that also keeps bottles."""

    outlet: Id = Field(description="所在排放口")
    period_s: float = Field(default=10.0, ge=0.5, le=3600, description="查询周期（秒）")
    bottles: int = Field(default=1, ge=1, le=6, description="每次超标留样瓶数")
    interval_min: int = Field(
        default=60, ge=0, le=1440, description="同一因子两次留样的最短间隔（分钟）"
    )
    vessel_hold_min: int = Field(
        default=60,
        ge=1,
        le=1440,
        description="分析完成后混匀桶保留水样的分钟数，过后不再留样",
    )


class CameraSettings(Model):
    """A camera at an outlet: H.264 or H.265 over RTSP."""

    id: Id
    name: str = ""
    url: str = Field(pattern=r"^rtsps?://", description="rtsp://…，不得含用户名和密码")
    username: str = ""
    password: Secret | None = None
    outlet: Id
    before_s: int = Field(default=10, ge=0, le=60, description="事件前录像（秒）")
    after_s: int = Field(default=50, ge=1, le=600, description="事件后录像（秒）")
    still_s: int = Field(default=10, ge=1, le=600, description="静态画面刷新周期（秒）")


InputMeaning = Literal[
    "door", "power", "battery", "maintenance", "stopped", "calibration", "pump", "valve", "run",
    "trigger",
]  # fmt: skip
KEY_SWITCHES: frozenset[InputMeaning] = frozenset({"maintenance", "stopped", "calibration"})


OF_FACILITIES: tuple[InputMeaning, ...] = ("run", "pump", "power", "maintenance", "calibration")
"""What contacts that tell of treatment equipment may mean."""


class InputSettings(Model):
    """A contact: a point of a device that is 0 or 1 and what it means."""

    id: Id
    name: str = ""
    device: Id
    point: str = Field(min_length=1)
    outlet: Id | None = Field(default=None, description="只有一个排放口时可不写")
    means: InputMeaning = Field(
        description="door 门开，power 市电有电，battery 电池电量低，maintenance / stopped / "
        "calibration 钥匙开关，pump 泵运行，valve 阀开，run 运行信号，trigger 干接点触发留样"
    )
    active: Literal[0, 1] = Field(default=1, description="哪个电平表示“是”")
    above: float | None = Field(
        default=None, description="数值测点（如温度）：高于它算 1，否则算 0；按测点单位"
    )
    debounce_s: float = Field(default=1.0, ge=0, le=600, description="保持这么久才算数（秒）")
    factors: tuple[str, ...] = Field(default=(), description="只作用于这些因子；不写即全部")
    end_min: int = Field(
        default=120, ge=1, le=43_200, description="钥匙开关：忘了关时自动结束（分钟）"
    )
    facility: str | None = Field(
        default=None,
        pattern=r"^SB[0-9]{1,3}$",
        description="run、pump、power、maintenance、calibration：所说的治理设施，如 SB1；"
        "上传其状态 2021 和运行时间 2041",
    )
    stop: bool = Field(default=False, description="battery：市电中断且电量低时守护进程有序退出")
