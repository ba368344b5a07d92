"""Words the commands share in what they show: Chinese first, English by `--lang en`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
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
        help="Language; default $PAIKOU_LANG or zh.",
    )(command)


GAP_KINDS: dict[str, tuple[str, str]] = {
    "minute": ("分钟数据", "minutes"),
    "hour": ("小时数据", "hours"),
    "day": ("日数据", "days"),
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


def pick(words: tuple[str, str], lang: Lang) -> str:
    """Give the words in a language."""
    return words[0] if lang == "zh" else words[1]


def cause(name: str, lang: Lang) -> str:
    """Give a cause in words."""
    return pick(CAUSES.get(name, (name, name)), lang)


def factor_name(code: str, lang: Lang) -> str:
    """Give a factor's Chinese name; in English its code."""
    known = factor(code, "hj212-2017")
    return known.name_zh if known and lang == "zh" else code


def pad(text: str, width: int) -> str:
    """Pad to a width in terminal cells: a Chinese character takes two."""
    cells = sum(2 if ord(one) > 0x2E7F else 1 for one in text)
    return text + " " * max(1, width - cells)


def local_time(at: float | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Print a time as at the outlet (UTC+8); empty where there is none."""
    return "" if at is None else datetime.datetime.fromtimestamp(at, _ZONE).strftime(form)
