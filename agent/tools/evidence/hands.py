"""Who touched anything: the lines of a journal that a person, a platform or a door is behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.tools.evidence.facts import Line

_COUNTED = (
    ("event door", "开门 {n} 次"),
    ("event parameter", "仪器参数变化 {n} 项"),
    ("event maintenance", "维护开关 {n} 次"),
    ("event power", "断电 {n} 次"),
    ("command ", "平台指令 {n} 条"),
    ("clock step", "时钟跳变 {n} 次"),
    ("reload", "重读站点文件 {n} 次"),
    ("stop", "程序停止 {n} 次"),
)
NOBODY = "没有记录到人工操作、开门、参数变化、维护和平台指令"


def is_touch(one: Line) -> bool:
    """Say whether a line is of something that the program did not do by itself."""
    if one.what.startswith("evidence "):
        return False  # whoever looks at it changes nothing
    return one.who != "agent" or any(one.what.startswith(what) for what, _ in _COUNTED)


def touched(journal: Sequence[Line]) -> str:
    """Sum up who touched what."""
    begun = [one for one in journal if is_touch(one) and not one.what.endswith(" ended")]
    persons = Counter(one.who for one in begun if one.who != "agent")
    found = [f"{who}：{count} 项" for who, count in persons.items()]
    for what, words in _COUNTED:
        count = sum(one.what.startswith(what) for one in begun if one.who == "agent")
        if count:
            found.append(words.format(n=count))
    return "；".join(found) or NOBODY
