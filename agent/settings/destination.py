"""Destinations: platforms with their stations, and the contractor's own server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from agent.settings.outlet import Date, Medium
from agent.settings.secrets import Pw, Secret
from agent.settings.supervision import Supervision
from agent.settings.wire import CommandPolicy, Mqtt, Seal, Tcp, Wire
from drivers.settings import Id, Model

EditionName = Literal["hj212-2005", "hj212-2017", "hj212-2025"]
DialectName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Access = Literal["mobile", "fixed", "nb_iot"]
WAITS: Mapping[Access, tuple[float, int]] = {
    "mobile": (10, 3),
    "fixed": (5, 3),
    "nb_iot": (30, 5),
}
"""Time-out (s) and retries of an access line (HJ 212-2025 table 1)."""
PeriodFlag = Literal["dominant", "d_if_below_75", "any_abnormal"]
EventKind = Literal[
    "exceedance",
    "retention",
    "door",
    "parameter",
    "power",
    "clock",
    "digest",
    "maintenance",
    "run",
    "marks",
    "quota",
    "rounds",
    "supervision",
    "falsification",
    "trend",
    "score",
    "camera",
    "alarm",
    "check",
]
# Facts are told by default; judgements stay local unless the platform's agreement asks for them.
_FACTS: tuple[EventKind, ...] = (
    "exceedance",
    "retention",
    "door",
    "parameter",
    "power",
    "clock",
    "digest",
    "maintenance",
)


class Station(Model):
    """One header: MN, password and the outlets that report under it."""

    id: Id = Field(default="station", description="站点编号；不写即 平台编号-首个排放口")
    mn: str = Field(
        default="",
        max_length=24,
        pattern=r"^[A-Za-z0-9_.-]*$",
        description="设备唯一标识 MN，24 位 0-9 A-F；2025 版尚未分配时留空",
    )
    pw: Pw = Field(description="访问密码：{file: …}、{credential: …} 或 default（标准示例密码）")
    key: Secret | None = Field(default=None, description="HJ 212-2025 加密密钥")
    outlets: tuple[Id, ...] = Field(min_length=1)
    since: Date | None = Field(default=None, description="从该日起上传；不写即从首次启动起")
    real_time: bool = Field(default=True, description="上传实时数据；平台用 2012、2011 停止或启动")
    states: bool = Field(default=True, description="上传治理设施状态；平台用 2022、2021 停止或启动")
    real_time_s: int | None = Field(
        default=None, ge=1, le=3600, description="本站点实时数据间隔；不写同平台（1062 设置）"
    )
    minutes: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] | None = Field(
        default=None, description="本站点分钟数据间隔；不写同平台（1064 设置）"
    )
    timeout_s: float | None = Field(
        default=None, ge=1, le=300, description="本站点超时；不写同平台（1000 设置）"
    )
    resends: int | None = Field(
        default=None, ge=0, le=99, description="本站点重发次数；不写同平台（1000 设置）"
    )


class Destination(Model):
    """A platform. Times are seconds, rates per second."""

    id: Id
    type: Literal["platform"] = "platform"
    name: str = ""
    transport: Literal["mqtt", "tcp"] = "mqtt"
    addresses: tuple[str, ...] = Field(
        min_length=1,
        max_length=8,
        description=(
            "mqtt:// mqtts:// 或 tcp:// tls:// 地址，依次尝试；"
            "listen:// 或 listens://（TLS）为平台连入"
        ),
    )
    interfaces: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,15}$")], ...] = Field(
        default=(), max_length=4, description="网卡，依次尝试，如 eth0、wwan0"
    )
    access: Access = Field(
        default="mobile", description="线路：移动、固定、NB-IoT；决定超时和重发次数的默认值"
    )
    edition: EditionName = "hj212-2017"
    dialect: DialectName | None = Field(
        default=None, description="地方扩展，如 hebei；它自带标准版本"
    )
    factors: tuple[str, ...] | None = Field(default=None, description="只上传这些因子；不写即全部")
    real_time_s: int = Field(default=30, ge=1, le=3600, description="实时数据间隔，标准为 30-3600")
    minutes: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] = Field(
        default=10, description="分钟数据间隔"
    )
    absent: Literal["flag_only", "omit", "profile_sentinel"] = Field(
        default="flag_only",
        description="无值因子：只发标记、不发、占位值；hj212-2025 不写即占位值（8.1.1）",
    )
    batch_in_minutes: Literal["omit", "repeat_flagged"] = "omit"
    revisions: bool = Field(default=False, description="平台是否接受修订数据")
    rtd_keep_h: float = Field(default=24, ge=0, le=168, description="实时数据补发保留小时数")
    backlog_per_s: float = Field(default=5, gt=0, le=1000, description="补发速率（条/秒）")
    in_flight: int = Field(default=20, ge=1, le=1000, description="未确认报文上限")
    ack: Literal["auto", "9014", "puback", "none"] = Field(
        default="auto", description="以何为送达；none 不要应答（仅 tcp）：写出且连接仍在"
    )
    timeout_s: float = Field(default=10, ge=1, le=300, description="超时")
    resends: int = Field(default=3, ge=0, le=10, description="重发次数")
    qn_on_resend: Literal["keep", "fresh"] = "keep"
    send_window_s: float = Field(default=20, ge=0, le=300, description="按 MN 错开发送的时间窗")
    events: tuple[EventKind, ...] = _FACTS
    commands: CommandPolicy = CommandPolicy()
    supervision: Supervision = Supervision()
    period_flag: dict[Medium, PeriodFlag] = Field(
        default_factory=dict, description="时段标记规则；不写取标准版本的规则"
    )
    wire: Wire = Wire()
    seal: Seal = Seal()
    mqtt: Mqtt = Mqtt()
    tcp: Tcp = Tcp()
    stations: tuple[Station, ...] = Field(min_length=1)

    @property
    def speaks(self) -> str:
        """The name of the dialect, or of the edition where there is none."""
        return self.dialect or self.edition

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: object) -> object:
        """Give stations names and waits their defaults, where the file says none.

        A station is `<destination>-<first outlet>`; time-out and retries go by the access line.
        What cannot be converted is told as HJ 212-2025 §8.1.1 has it where that is spoken.
        """
        if not isinstance(given, Mapping):
            return given
        access = given.get("access", "mobile")
        if access in tuple(WAITS):
            timeout_s, resends = WAITS[access]
            given = {"timeout_s": timeout_s, "resends": resends, **given}
        if given.get("edition") == "hj212-2025" and not given.get("dialect"):
            given = {"absent": "profile_sentinel", **given}
        stations = given.get("stations")
        if not isinstance(stations, list | tuple):
            return given
        named = [_named(station, given.get("id")) for station in stations]
        return {**given, "stations": named}


class OpsMqtt(Mqtt):
    """How to log in at the broker of an ops server: topics of its own."""

    prefix: str = Field(default="ops", pattern=r"^[^/+#\s]+(/[^/+#\s]+)*$", description="主题前缀")


class OpsServer(Model):
    """The contractor's own server: diagnosis only, no data."""

    id: Id
    type: Literal["ops"]
    name: str = ""
    addresses: tuple[str, ...] = Field(min_length=1, max_length=8)
    mqtt: OpsMqtt = OpsMqtt()


def _named(station: object, destination: object) -> object:
    if not isinstance(station, Mapping) or "id" in station:
        return station
    outlets = station.get("outlets")
    if not isinstance(destination, str) or not isinstance(outlets, list | tuple) or not outlets:
        return station
    return {**station, "id": f"{destination}-{str(outlets[0]).lower()}"[:32]}


def _type_of(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("type", "platform"))
    return str(getattr(value, "type", "platform"))


AnyDestination = Annotated[
    Annotated[Destination, Tag("platform")] | Annotated[OpsServer, Tag("ops")],
    Discriminator(_type_of),
]
