"""Words the commands share in what they show: Chinese first, English by `--lang en`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from agent.errors import Lang
from agent.report.cause_words import CAUSES
from agent.settings.messages import language
from protocols.hj212.factors import factor
from protocols.hj212.times import BEIJING_OFFSET_S

_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))

F = TypeVar("F", bound=Callable[..., Any])


def lang_option(command: F) -> F:
    """Add `--lang` to a command."""
    return click.option(
        "--lang",
        type=click.Choice(["zh", "en"]),
        default=language,
        help="语言；默认按 $PAIKOU_LANG，否则中文 / language.",
    )(command)


JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON / as JSON.")
JSON_LINES = click.option(
    "--json", "as_json", is_flag=True, help="每行一个 JSON 对象 / one JSON object a line."
)

GAP_KINDS: dict[str, tuple[str, str]] = {
    "minute": ("分钟数据", "minutes"),
    "hour": ("小时数据", "hours"),
    "day": ("日数据", "days"),
    "run_times": ("运行时间", "run time"),
    "checks": ("标样核查", "checks"),
    "furnace": ("炉膛温度", "furnace"),
}
GAP_STATES: dict[str, tuple[str, str]] = {
    "open": ("待发送", "on their way"),
    "pending": ("待结算", "not closed yet"),
    "unconfirmed": ("未确认", "unconfirmed"),
    "rejected": ("被拒绝", "rejected"),
    "dropped": ("已丢弃", "dropped"),
    "abandoned": ("已放弃", "abandoned"),
    "never_made": ("未生成", "never made"),
    "no_data": ("无数据", "without data"),
}


EVENTS: dict[str, tuple[str, str]] = {
    "exceedance": ("超标", "exceedance"),
    "retention": ("留样", "bottle kept"),
    "retention_blocked": ("超标但未留样", "exceedance without bottle"),
    "retention_failed": ("留样失败", "bottle failed"),
    "retention_unknown": ("留样结果不明", "bottle not known"),
    "foreseen": ("超标预警", "limit foreseen"),
    "fault_late": ("故障处理超时", "fault overdue"),
    "quota": ("标记限额", "quota of marks"),
    "falsification": ("数据异常", "suspicious data"),
    "maintenance": ("维护开关", "maintenance switch"),
    "camera_offline": ("摄像头离线", "camera offline"),
    "camera_frozen": ("摄像头画面停滞", "camera frozen"),
    "camera_black": ("摄像头无光", "camera black"),
    "camera_covered": ("摄像头被遮挡", "camera covered"),
    "camera_moved": ("摄像头被移动", "camera moved"),
    "camera_no_clip": ("未录到像", "no clip"),
    "outage": ("停机", "outage"),
    "clock": ("时钟", "clock"),
    "door": ("开门", "door"),
    "parameter": ("参数变化", "parameter"),
    "power": ("断电", "mains lost"),
    "power_battery": ("电池电量低", "battery low"),
    "pump": ("泵", "pump"),
    "valve": ("阀", "valve"),
    "run": ("运行信号", "run signal"),
    "retention_touched": ("留样箱被打开", "bottles touched"),
    "retention_confirmed": ("留样已核对", "bottles confirmed"),
    "retention_released": ("留样解除", "bottle released"),
    "retention_handed": ("留样移交", "bottle handed over"),
    "retention_cleared": ("留样被清除", "bottle cleared"),
    "retention_bottles": ("空瓶将尽", "few bottles left"),
    "retention_expiring": ("留样将过保存期", "bottle expires"),
    "door_sampler": ("采样器箱门", "sampler door"),
    "door_sampler_long": ("采样器箱门久开", "sampler door open long"),
    "check_control": ("失控", "out of control"),
    "check_capture": ("有效捕集率", "capture rate"),
    "digest": ("日对账", "digest of a day"),
    "marks": ("标记", "marks"),
    "score": ("健康声明", "health statement"),
    "supervision": ("督办", "supervision"),
    "order": ("命令应答", "answer to an order"),
    "frozen": ("冻结期间", "while frozen"),
    "alarm": ("报警", "alarm"),
}

ORDERS: dict[str, tuple[str, str]] = {
    "retain": ("留样", "keep bottles"),
    "clip": ("录像", "clip"),
    "probe": ("询问", "probe"),
}
ORDER_STATES: dict[str, tuple[str, str]] = {
    "queued": ("已下令", "queued"),
    "running": ("执行中", "running"),
    "done": ("完成", "done"),
    "failed": ("失败", "failed"),
    "refused": ("拒绝", "refused"),
    "expired": ("过期未执行", "expired"),
    "unknown": ("结果不明", "not known"),
}


def pick(words: tuple[str, str], lang: Lang) -> str:
    """Give the words in a language."""
    return words[0] if lang == "zh" else words[1]


def cause(name: str, lang: Lang) -> str:
    """Give a cause in words."""
    return pick(CAUSES.get(name, (name, name)), lang)


def event_kind(kind: str, lang: Lang) -> str:
    """Give a kind of event in words; of one without, those of its family, else the kind."""
    return pick(EVENTS.get(kind) or EVENTS.get(kind.partition("_")[0], (kind, kind)), lang)


def factor_name(code: str, lang: Lang) -> str:
    """Give a factor's Chinese name; in English its code."""
    known = factor(code, "hj212-2017")
    return known.name_zh if known and lang == "zh" else code


def cannot_write(path: Path, error: OSError, lang: Lang) -> click.ClickException:
    """Give the end of a command whose file cannot be written."""
    words = ("写不了 {path}：{why}", "cannot write {path}: {why}")
    return click.ClickException(pick(words, lang).format(path=path, why=error.strerror))


def pad(text: str, width: int) -> str:
    """Pad to a width in terminal cells: a Chinese character takes two."""
    cells = sum(2 if ord(one) > 0x2E7F else 1 for one in text)
    return text + " " * max(1, width - cells)


def local_time(at: float | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Print a time as at the outlet (UTC+8); empty where there is none."""
    return "" if at is None else datetime.datetime.fromtimestamp(at, _ZONE).strftime(form)
