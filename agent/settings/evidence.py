"""Evidence: what is done while an interval is frozen, and which bundles are sent by themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.settings.secrets import Secret
from drivers.settings import Model

EvidenceOf = Literal["exceedance", "retention", "door", "parameter", "power"]


class Multimedia(Model):
    """The HTTPS media upload of HJ 212-2025 appendix H.

    The appendix's own addresses and field names are not known here: both are the platform's to say.
    """

    url: str = Field(pattern=r"^https://[^@\s]+$", description="平台给出的上传地址 https://…")
    username: str = Field(min_length=1)
    password: Secret
    key: Secret = Field(description="SM4 密钥，16 个字符或 32 位十六进制")
    ca: str | None = Field(default=None, description="CA 证书文件；不写用系统证书")
    file_field: str = Field(default="file", min_length=1, description="文件字段名，按平台要求")
    type_field: str = Field(default="mediaType", min_length=1, description="媒体类型字段名")
    format_field: str = Field(default="mediaFormat", min_length=1, description="媒体格式字段名")
    timeout_s: float = Field(default=60, ge=1, le=600, description="每个文件的超时（秒）")


class EvidenceSettings(Model):
    """Freezing and bundles."""

    poll_faster: float = Field(
        default=2.0, ge=1, le=10, description="冻结期间轮询加快的倍数，1 为不变"
    )
    record_min: int = Field(
        default=5, ge=0, le=30, description="冻结期间连续录像，每段分钟数；0 为不连续录像"
    )
    upload: tuple[EvidenceOf, ...] = Field(
        default=(), description="自动制作并上传证据包的事件；不写即只按平台要求"
    )
    wait_s: float = Field(
        default=120, ge=0, le=3600, description="事件后等多久才制作证据包（秒），等录像和留样"
    )
    metered: Literal["auto", "yes", "no"] = Field(
        default="auto", description="按流量计费；auto 按平台的 access：mobile、nb_iot 为是"
    )
    monthly_mb: int = Field(
        default=200, ge=0, le=1_000_000, description="按流量计费时每站点每月证据包上限（MB）"
    )
    part_kb: int | None = Field(
        default=None,
        ge=1,
        le=4096,
        description="每包大小（kB）；不写按 access：mobile 16、fixed 64、nb_iot 4",
    )
    multimedia: Multimedia | None = Field(
        default=None, description="证据包中的录像和画面另经 HTTPS 上传（HJ 212-2025 附录 H）"
    )
