"""Destinations: platforms with their stations, and the contractor's own server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from agent.settings.outlet import Date, Medium
from agent.settings.secrets import Pw, Secret
from agent.settings.supervision import Supervision
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
