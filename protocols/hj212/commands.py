"""Every command of the three editions: which way it goes, what it is, what answers it.

| kind        | flow                                                            |
|-------------|-----------------------------------------------------------------|
| request     | down; 9011, then what is asked for, then 9012                   |
| upload      | up; 9014 when an answer is wanted, or the result of a request   |
| notice      | either way; 9013                                                |
| interaction | 9011 to 9014 themselves                                         |

`effect` is what a request does to the site: `read` nothing, `parameters` settings of the logger,
`control` a real instrument. A policy is by effect.

Source: HJ/T 212-2005 annex C; HJ 212-2017 §6.6.5 table 9 and annex C; HJ 212-2025 §6.7.5 table 12
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from protocols.hj212.message_types import (
    DataAnswer,
    Executed,
    NoticeAnswer,
    Periodic,
    RealTime,
    RequestAnswer,
    Retained,
    Started,
)
from protocols.hj212.orders import (
    AlarmLimits,
    AlarmTarget,
    AskOnSite,
    Between,
    Calibrate,
    ClockTime,
    DeliverKey,
    ForInstrument,
    ForLogger,
    MinuteInterval,
    Plain,
    RealTimeInterval,
    ReportTime,
    SamplingCycle,
    SetMn,
    SetOnSite,
    SetPassword,
    SetTimeOut,
    SetWarnTime,
)
from protocols.hj212.reports import (
    AlarmEvent,
    AskKey,
    FacilityRunTimes,
    FacilityStates,
    Hardware,
    InstrumentSerial,
    Measured,
    OnSite,
    SampleOutTime,
)

Direction = Literal["down", "up"]
Kind = Literal["request", "upload", "notice", "interaction"]
Effect = Literal["", "read", "parameters", "control"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command in one direction.

    `messages` are the classes of what it says, the one with the most words first. `answer` are
    the commands that follow, in order; the middle one may come any number of times, or not.
    `confidence` is `text` where the standard's own text was read or is quoted, `two` or `one` by
    the number of sources that tell of it, `guess` where none does and it follows from its like.
    """

    cn: str
    direction: Direction
    kind: Kind
    name_zh: str
    messages: tuple[type, ...]
    answer: tuple[str, ...]
    effect: Effect
    editions: tuple[str, ...]
    confidence: str


_ALL = ("hj212-2005", "hj212-2017", "hj212-2025")
_2005, _2017, _2025 = _ALL[:1], _ALL[1:2], _ALL[2:]
_NEW = _ALL[1:]


def _set(
    cn: str,
    name: str,
    *messages: type,
    editions: tuple[str, ...] = _ALL,
    effect: Effect = "parameters",
    confidence: str = "text",
) -> Command:
    """A request that is done or not, with nothing to tell."""
    answer = ("9011", "9012")
    return Command(cn, "down", "request", name, messages, answer, effect, editions, confidence)


def _ask(
    cn: str,
    name: str,
    *messages: type,
    editions: tuple[str, ...] = _ALL,
    effect: Effect = "read",
    confidence: str = "text",
) -> Command:
    """A request that an upload of the same number answers."""
    answer = ("9011", cn, "9012")
    return Command(cn, "down", "request", name, messages, answer, effect, editions, confidence)


def _tell(
    cn: str,
    name: str,
    *messages: type,
    editions: tuple[str, ...] = _ALL,
    answer: tuple[str, ...] = ("9014",),
    confidence: str = "text",
) -> Command:
    """An upload."""
    return Command(cn, "up", "upload", name, messages, answer, "", editions, confidence)


def _notice(
    cn: str,
    direction: Direction,
    name: str,
    *messages: type,
    editions: tuple[str, ...] = _ALL,
    effect: Effect = "",
    confidence: str = "text",
) -> Command:
    return Command(cn, direction, "notice", name, messages, ("9013",), effect, editions, confidence)


def _answer(cn: str, direction: Direction, name: str, message: type) -> Command:
    return Command(cn, direction, "interaction", name, (message,), (), "", _ALL, "text")


COMMANDS = (
    _set("1000", "设置超时时间及重发次数", SetTimeOut),
    _set("1001", "设置超限报警时间", SetWarnTime, editions=_2005),
    _notice("1001", "up", "上传数采仪硬件序列号", Hardware, editions=_2025, confidence="two"),
    _set("1002", "设置数采仪 MN", SetMn, editions=_2025, confidence="two"),
    _ask("1011", "提取现场机时间", ForLogger),
    _tell("1011", "上传现场机时间", ClockTime, answer=()),
    _set("1012", "设置现场机时间", ClockTime),
    _notice("1013", "up", "现场机时间校准请求", ForLogger, editions=_NEW),
    _notice("1014", "up", "申请新密钥", AskKey, editions=_2025, confidence="two"),
    _set("1014", "下发新密钥", DeliverKey, editions=_2025, confidence="two"),
    _ask("1021", "提取污染物报警门限值", ForLogger, editions=_2005),
    _tell("1021", "上传污染物报警门限值", AlarmLimits, editions=_2005, answer=()),
    _set("1022", "设置污染物报警门限值", AlarmLimits, editions=_2005),
    _ask("1031", "提取上位机地址", Plain, editions=_2005),
    _tell("1031", "上传上位机地址", AlarmTarget, editions=_2005, answer=()),
    _set("1032", "设置上位机地址", AlarmTarget, editions=_2005),
    _ask("1041", "提取数据上报时间", Plain, editions=_2005),
    _tell("1041", "上传数据上报时间", ReportTime, editions=_2005, answer=()),
    _set("1042", "设置数据上报时间", ReportTime, editions=_2005),
    _ask("1061", "提取实时数据间隔", Plain),
    _tell("1061", "上传实时数据间隔", RealTimeInterval, answer=()),
    _set("1062", "设置实时数据间隔", RealTimeInterval),
    _ask("1063", "提取分钟数据间隔", Plain, editions=_NEW),
    _tell("1063", "上传分钟数据间隔", MinuteInterval, editions=_NEW, answer=()),
    _set("1064", "设置分钟数据间隔", MinuteInterval, editions=_NEW),
    _set("1072", "设置现场机访问密码", SetPassword),
    # 2005 has no 9012 to it: see `answers`
    _set("2011", "取污染物实时数据", Plain, editions=_ALL[:2], effect="read"),
    _set("2011", "取实时数据；ST 44 取用电历史数据", Between, Plain, editions=_2025,
         effect="read"),
    _tell("2011", "上传污染物实时数据", RealTime),
    _notice("2012", "down", "停止察看污染物实时数据", Plain, effect="parameters"),
    _ask("2013", "取周期性测量原始数据", Between, editions=_2025, confidence="one"),
    _tell("2013", "上传周期性测量原始数据", Measured, editions=_2025, confidence="one"),
    _set("2021", "取设备运行状态数据", Plain, effect="read"),
    _tell("2021", "上传设备运行状态数据", FacilityStates),
    _notice("2022", "down", "停止察看设备运行状态", Plain, effect="parameters"),
    _ask("2031", "取污染物日历史数据", Between),
    _tell("2031", "上传污染物日历史数据", Periodic),
    _ask("2041", "取设备运行时间日历史数据", Between),
    _tell("2041", "上传设备运行时间日历史数据", FacilityRunTimes),
    _ask("2051", "取污染物分钟数据", Between),
    _tell("2051", "上传污染物分钟数据", Periodic),
    _ask("2052", "取噪声测量数据", Between, editions=_2025, confidence="one"),
    _tell("2052", "上传噪声测量数据", Measured, editions=_2025, confidence="two"),
    _ask("2061", "取污染物小时数据", Between),
    _tell("2061", "上传污染物小时数据", Periodic),
    _ask("2062", "取自动标样核查数据", Between, editions=_2025, confidence="two"),
    _tell("2062", "上传自动标样核查数据", Measured, editions=_2025, confidence="two"),
    _ask("2071", "取污染物报警记录", Between, editions=_2005),
    _tell("2071", "上传污染物报警记录", Measured, editions=_2005),
    _notice("2072", "up", "上传报警事件", AlarmEvent, editions=_2005),
    _tell("2081", "上传数采仪开机时间", Started, editions=_NEW),
    _ask("2111", "取炉膛温度 5 分钟均值", Between, editions=_2025, confidence="guess"),
    _tell("2111", "上传炉膛温度 5 分钟均值", Measured, editions=_2025, confidence="two"),
    _set("3011", "零点校准量程校准", ForInstrument, editions=_ALL[:2], effect="control"),
    _set("3011", "零点、量程校准及调节", Calibrate, editions=_2025, effect="control",
         confidence="two"),
    _set("3012", "即时采样", ForInstrument, effect="control"),
    _set("3013", "设备操作命令", ForLogger, editions=_2005, effect="control"),
    _set("3013", "启动清洗/反吹", ForInstrument, editions=_NEW, effect="control"),
    _set("3014", "设置设备采样时间周期", ForInstrument, editions=_2005, effect="control"),
    _set("3014", "比对采样", ForInstrument, editions=_2017, effect="control"),
    _ask("3015", "超标留样", Plain, editions=_2017, effect="control"),
    _tell("3015", "上传超标留样信息", Retained, editions=_2017),
    _set("3016", "设置采样时间周期", SamplingCycle, editions=_2017, effect="control"),
    _ask("3017", "提取采样时间周期", ForInstrument, editions=_2017),
    _tell("3017", "上传采样时间周期", SamplingCycle, editions=_2017, answer=()),
    _ask("3018", "提取出样时间", ForInstrument, editions=_NEW),
    _tell("3018", "上传出样时间", SampleOutTime, editions=_NEW, answer=()),
    _ask("3019", "提取设备唯一标识", ForInstrument, editions=_NEW),
    _tell("3019", "上传设备唯一标识", InstrumentSerial, editions=_NEW),
    _ask("3020", "提取现场机信息", AskOnSite, editions=_NEW),
    _tell("3020", "上传现场机信息", OnSite, editions=_NEW),
    _set("3021", "设置现场机参数", SetOnSite, editions=_NEW, effect="control"),
    _set("3022", "即时留样", ForInstrument, editions=_2025, effect="control", confidence="two"),
    _set("3024", "启动自动标样核查", ForInstrument, editions=_2025, effect="control",
         confidence="two"),
    _answer("9011", "up", "请求应答", RequestAnswer),
    _answer("9012", "up", "执行结果", Executed),
    _answer("9013", "up", "通知应答", NoticeAnswer),
    _answer("9013", "down", "通知应答", NoticeAnswer),
    _answer("9014", "up", "数据应答", DataAnswer),
    _answer("9014", "down", "数据应答", DataAnswer),
    _notice("9015", "up", "心跳", Plain, editions=_2025, confidence="two"),
)  # fmt: skip


@functools.cache
def commands(edition_name: str) -> Mapping[tuple[str, Direction], Command]:
    """Give the commands of an edition by code and direction. Raises KeyError on no edition."""
    if edition_name not in _ALL:
        raise KeyError(edition_name)
    known = {(each.cn, each.direction): each for each in COMMANDS if edition_name in each.editions}
    return MappingProxyType(known)


def command(cn: str, direction: Direction, edition_name: str) -> Command | None:
    """Look a command up; None where the edition does not have it."""
    return commands(edition_name).get((cn, direction))
