"""How a platform is reached and spoken to: commands it may give, login, seal, habits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.settings.secrets import Secret
from drivers.settings import Model

# Commands by effect. What is in neither list only reads and is always allowed.
PARAMETER_COMMANDS = ("1000", "1002", "1012", "1014", "1062", "1064", "1072", "2012", "2022")
CONTROL_COMMANDS = ("3011", "3012", "3013", "3014", "3015", "3016", "3021", "3022", "3024")


class CommandPolicy(Model):
    """What a platform may do, by effect; reading is always allowed."""

    parameters: Literal["allow", "refuse"] = Field(
        default="allow", description="1000 1002 1012 1014 1062 1064 1072 2012 2022"
    )
    control: Literal["allow", "refuse"] = Field(
        default="refuse", description="3011-3016 3021 3022 3024"
    )

    orders: Literal["allow", "refuse"] = Field(
        default="allow", description="是否订阅 order 主题（督办、冻结、取证等 JSON 命令）"
    )

    def refused(self) -> tuple[str, ...]:
        """Give the command codes that are answered with a refusal."""
        parameters = PARAMETER_COMMANDS if self.parameters == "refuse" else ()
        return parameters + (CONTROL_COMMANDS if self.control == "refuse" else ())


class Mqtt(Model):
    """How to log in at the broker."""

    prefix: str = Field(
        default="hj212", pattern=r"^[^/+#\s]+(/[^/+#\s]+)*$", description="主题前缀"
    )
    version: Literal["auto", "5", "3.1.1"] = "auto"
    username: str | None = None
    password: Secret | None = None
    ca: str | None = Field(default=None, description="CA 证书文件；不写用系统证书")
    client_cert: str | None = None
    client_key: str | None = None
    keepalive_s: int = Field(default=60, ge=5, le=3600)
    reconnect_s: float = Field(
        default=120, ge=1, le=3600, description="断线后重连间隔上限（秒），随机错开"
    )


class Tcp(Model):
    """How to connect over TCP, with TLS at `tls://` and `listens://` addresses."""

    ca: str | None = Field(
        default=None,
        description="CA 证书文件；不写用系统证书；listens:// 时平台须出示它签发的证书",
    )
    client_cert: str | None = Field(
        default=None, description="本机证书；listens:// 时必填，向连入的平台出示"
    )
    client_key: str | None = None
    keepalive_s: int = Field(default=60, ge=5, le=3600, description="TCP 保活探测间隔")
    reconnect_s: float = Field(
        default=120, ge=1, le=3600, description="断线后重连间隔上限（秒），随机错开"
    )
    allow: tuple[str, ...] = Field(
        default=(),
        max_length=32,
        description="listen:// listens:// 时允许连入的地址或网段；不写只许本机",
    )


class Seal(Model):
    """How HJ 212-2025 §6.4 is written. It is on where a station has a key."""

    rendering: Literal["raw", "hexlist", "hex", "off"] = Field(
        default="raw", description="密文写法：原始字节、{0xE4,…}、E43E…、不加密"
    )
    commands: (
        tuple[Annotated[str, Field(pattern=r"^([0-9]{4}|[0-9]{3}x|[0-9]{2}xx|[0-9]xxx)$")], ...]
        | None
    ) = Field(
        default=None,
        min_length=1,
        description="上行加密的命令，如 2xxx、3020；不写按标准（2000-2999、1014、3020）",
    )


class Wire(Model):
    """Habits of a platform that the editions leave open. Unset keys mean the edition's own."""

    split_qn: Literal["per_packet", "shared"] = Field(
        default="per_packet", description="分包时每包一个 QN 还是共用"
    )
    retained_upload: bool = Field(default=True, description="留样信息 3015 主动上传")
    retained_cn: str | None = Field(
        default=None,
        pattern=r"^3[0-9]{3}$",
        description="留样信息的命令编码；2025 版编码未确认，不写即不上传",
    )
    restart_upload: bool = Field(default=True, description="开机时间 2081 主动上传")
    check_upload: bool = Field(default=True, description="2025 版标样核查、校准结果 2062 主动上传")
    furnace_upload: bool = Field(default=True, description="2025 版炉膛温度 2111 主动上传")
    rf_on_resend: bool = Field(default=True, description="2025 版补传加 RF=1")
    heartbeat_s: int = Field(default=60, ge=0, le=3600, description="2025 版心跳间隔，0 为不发")
    encoding: Literal["auto", "utf-8", "gbk"] = Field(default="auto", description="接收文字的编码")
