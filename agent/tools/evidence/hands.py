"""Who touched anything: the lines of a journal that a person, a platform or a door is behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agent.settings import Site
from agent.tools.evidence.facts import Line
from agent.tools.evidence.lines import line as about

AGENT = "agent"
People = Mapping[str, str]
"""Names by the ids of the site file."""
_COUNTED = (
    ("event door", "开门 {n} 次"),
    ("event parameter", "仪器参数变化 {n} 项"),
    ("event maintenance", "维护开关 {n} 次"),
    ("event power", "断电 {n} 次"),
    ("event retention_touched", "留样被触及 {n} 次"),
    ("event retention_cleared", "留样被清除 {n} 次"),
    ("command ", "平台指令 {n} 条"),
    ("clock step", "时钟跳变 {n} 次"),
    ("reload", "重读站点文件 {n} 次"),
    ("stop", "程序停止 {n} 次"),
)
NOBODY = "没有记录到人工操作、开门、参数变化、维护和平台指令"


def hand(one: Line) -> str:
    """Give whose hand a line is of; empty where the program did it by itself."""
    if one.who != AGENT:
        return one.who
    said = one.detail.get("who")
    return said if isinstance(said, str) else ""


def is_touch(one: Line) -> bool:
    """Say whether a line is of something that the program did not do by itself."""
    if one.what.startswith("evidence "):
        return False  # whoever looks at it changes nothing
    return bool(hand(one)) or any(one.what.startswith(what) for what, _ in _COUNTED)


def touched(journal: Sequence[Line], people: People) -> str:
    """Sum up who touched what: persons and platforms with what they did, then the rest."""
    begun = [one for one in journal if is_touch(one) and not one.what.endswith(" ended")]
    found = [
        f"{name(who, people)}：{did}" for who, did in _did([one for one in begun if hand(one)])
    ]
    for what, words in _COUNTED:
        count = sum(one.what.startswith(what) for one in begun if not hand(one))
        if count:
            found.append(words.format(n=count))
    return "；".join(found) or NOBODY


def name(who: str | None, people: People) -> str:
    """Give a name as people read it: that of the site file, where he is in it."""
    if who == AGENT:
        return "数采仪程序"
    return people.get(who or "") or (who or "—").replace("platform:", "平台 ")


def people(site: Site) -> People:
    """Give the names of a site's people."""
    return {one.id: one.name for one in site.people}


def _did(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Give each person with what he did, in the order in which they came."""
    found: dict[str, Counter[str]] = {}
    for one in lines:
        found.setdefault(hand(one), Counter())[about(one.what).removeprefix("事件 ")] += 1
    return [
        (who, "、".join(what if n == 1 else f"{what} {n} 次" for what, n in deeds.items()))
        for who, deeds in found.items()
    ]
