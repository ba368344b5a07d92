"""What a contractor looks at next, by what became of the questions of `paikou probe`. Pure.

The errors are those of drivers, as `Kind: text`. The first line that fits the first error decides;
what was only not asked, because the unit had been silent before, is no error of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.errors import Lang
from agent.tools.words import pick

NOT_ASKED = "not asked"
_SCAN = (
    "--scan BUS 可查线上有哪些地址，加 --baud all 连波特率一起查",
    "--scan BUS looks for units, with --baud all at every speed",
)
_ADVICE: tuple[tuple[tuple[str, ...], tuple[str, str]], ...] = (
    (
        ("NoLine",),
        (
            "转换器插好了吗？port 是否写成 /dev/serial/by-path 的名字？",
            "is the converter plugged in, and is `port` its /dev/serial/by-path name?",
        ),
    ),
    (
        ("nothing was pushed",),
        (
            "仪器自己定时发送：看它的上传是否打开、间隔是否长于 period_s，再核对波特率和收发线",
            "the instrument speaks by itself: is its output on, and no rarer than `period_s`? "
            "then check baud rate and wires",
        ),
    ),
    (
        ("NoAnswer",),
        (
            f"核对地址、波特率和校验、A/B 线、供电；{_SCAN[0]}",
            f"check address, baud and parity, A/B wires, power; {_SCAN[1]}",
        ),
    ),
    (
        ("WRONG UNIT", "another channel"),
        (
            f"别的地址应答了：地址重复、地址设错，或线上有两个主站；{_SCAN[0]}",
            f"another unit answered: a doubled or wrong address, or two masters; {_SCAN[1]}",
        ),
    ),
    (
        ("no frame in what came", "does not have its form", "another message", "never silent"),
        (
            f"有字节但不是应答：多半是波特率、校验位、协议或型号不符，或 A/B 线接反；{_SCAN[0]}",
            "bytes came that are no answer: most often another baud rate, parity, protocol or "
            f"model, or A/B wires exchanged; {_SCAN[1]}",
        ),
    ),
    (
        ("the question came back",),
        (
            "回来的是自己发出的内容：仪器没有应答，核对地址、供电和收发线",
            "our own question came back and no answer: check address, power and wires",
        ),
    ),
    (
        ("BadAnswer",),
        (
            "应答受损：查终端电阻、屏蔽接地、与动力线的距离；也可能两个主站或地址重复",
            "a damaged answer: check termination, shield and distance to power lines; or two "
            "masters, or a doubled address",
        ),
    ),
    (
        ("exception 5", "exception 6"),
        ("仪器正忙，过一会儿再问", "the instrument is busy: ask again in a while"),
    ),
    (
        ("exception 4",),
        (
            "仪器自己报告故障：看它的屏幕和报警",
            "the instrument reports a failure of its own: look at its display and alarms",
        ),
    ),
    (
        ("exception 10", "exception 11"),
        (
            "网关有应答，网关后面的仪器没有：核对那一段的地址、波特率和接线",
            "the gateway answers, the instrument behind it does not: check that line",
        ),
    ),
    (
        ("Refused",),
        (
            "仪器有应答但没有这些寄存器或命令：型号选对了吗？",
            "the instrument answers but does not have these registers or commands: "
            "is it this model?",
        ),
    ),
)


def advice(errors: Iterable[str], lang: Lang) -> str:
    """Give what to check next; '' where nothing went wrong."""
    said = [error for error in errors if error]
    first = next((error for error in said if NOT_ASKED not in error), said[0] if said else "")
    for marks, words in _ADVICE:
        if any(_marked(first, mark) for mark in marks):
            return pick(words, lang)
    return ""


def _marked(error: str, mark: str) -> bool:
    """Tell whether an error bears a mark, as a whole word: exception 1 is not exception 10."""
    return f" {mark} " in f" {error.replace(':', ' ')} "
