"""How points, deductions and labels are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.errors import Lang
from agent.tools.words import pick

KINDS: Mapping[str, tuple[str, str]] = {
    "over_hour": ("小时值超标", "hour over its limit"),
    "over_day": ("日均值超标", "day over its limit"),
    "stop_contradicted": ("停运与数据矛盾", "stop contradicted by data"),
    "uncontrolled": ("失控超过 72 小时未处理", "out of control for more than 72 h"),
    "supervision_late": ("督办逾期", "supervision order late"),
    "round_missed": ("自查漏做", "self-inspection missed"),
    "parameter_unmarked": ("无标记改参数", "parameter changed without mark"),
    "suspension": ("责令停产整治", "ordered to suspend production"),
    "agency": ("管理部门扣分", "deducted by the agency"),
}
_RISKS: Mapping[str, tuple[str, str]] = {
    "high": ("高风险", "high risk"),
    "medium": ("中风险", "medium risk"),
    "low": ("低风险", "low risk"),
}


def kind_words(kind: str, lang: Lang) -> str:
    """Give what a deduction is for."""
    return pick(KINDS.get(kind, (kind, kind)), lang)


def label_words(stands: Mapping[str, Any], lang: Lang) -> str:
    """Give risk class and labels of an outlet in one line, led by a semicolon; empty for none."""
    said = [pick(_RISKS[one], lang) for one in stands["risk"] if one in _RISKS]
    said += [f"{family} {'、'.join(values)}" for family, values in stands["labels"].items()]
    lead, between = ("；", "，") if lang == "zh" else ("; ", ", ")
    return lead + between.join(said) if said else ""
