"""What can be exported and the columns of each, with their headings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from agent.errors import Lang
from agent.tools.words import pick

What = Literal["samples", "minutes", "hours", "days", "results", "events", "marks"]
WHATS: tuple[What, ...] = get_args(What)

KINDS: Mapping[What, str] = {"minutes": "1m", "hours": "1h", "days": "1d"}
"""How the store writes the kinds of period."""

_OF_FACTOR = ("outlet", "factor", "name")
_FLAGGED = ("flag", "cause")
_PERIOD = (
    *("start", *_OF_FACTOR, "unit", "avg", "min", "max", "zs_avg", "zs_min", "zs_max"),
    *("cou", "cou_unit", *_FLAGGED, "valid", "valid_share", "parts", "due", "reason", "revision"),
)
_AFTER = tuple(
    f"{column}_{name}"
    for column in ("after_marks", "after_exemptions")
    for name in ("avg", "zs_avg", "cou", "valid", "reason")
)
_COLUMNS: Mapping[What, tuple[str, ...]] = {
    "samples": ("at", *_OF_FACTOR, "unit", "value", "zs", "total", *_FLAGGED, "clock_epoch"),
    "minutes": _PERIOD,
    "hours": (*_PERIOD, *_AFTER),
    "days": (*_PERIOD, *_AFTER, "ion_mean"),
    "results": (
        *("sampled_at", *_OF_FACTOR, "unit", "value", *_FLAGGED),
        *("device", "completed_at", "received_at"),
    ),
    "events": ("at", *_OF_FACTOR, "kind", "ended_at", "detail"),
    "marks": (
        *("start", "last_minute", "outlet", "facility", "factor", "kind", "code", "channel"),
        *("state", "reason", "proof", "made_by", "made_at", "decided_by", "decided_at", "why"),
        *("entered_by", "entered_at"),
    ),
}

HEADINGS: Mapping[str, str] = {
    "at": "时间",
    "start": "开始时间",
    "last_minute": "最后一个标记分钟",
    "outlet": "排放口",
    "factor": "因子",
    "name": "名称",
    "unit": "单位",
    "value": "值",
    "zs": "折算值",
    "total": "累计（立方米）",
    "avg": "均值",
    "min": "最小值",
    "max": "最大值",
    "zs_avg": "折算均值",
    "zs_min": "折算最小值",
    "zs_max": "折算最大值",
    "cou": "排放量",
    "cou_unit": "排放量单位",
    "flag": "标记",
    "cause": "状态",
    "valid": "有效",
    "valid_share": "有效比例",
    "parts": "计入数",
    "due": "应有数",
    "reason": "原因",
    "revision": "修订号",
    "clock_epoch": "时钟段",
    "sampled_at": "采样时间",
    "completed_at": "仪器完成时间",
    "received_at": "收到时间",
    "device": "仪器",
    "kind": "类别",
    "code": "标记名称",
    "ended_at": "结束时间",
    "detail": "内容",
    "facility": "设施",
    "channel": "来源",
    "state": "标记状态",
    "proof": "附件",
    "made_by": "提出人",
    "made_at": "提出时间",
    "decided_by": "确认人",
    "decided_at": "确认时间",
    "why": "说明",
    "entered_by": "平台录入人",
    "entered_at": "平台录入时间",
    "condition": "工况",
    "after_marks_avg": "标记后均值",
    "after_marks_zs_avg": "标记后折算均值",
    "after_marks_cou": "标记后排放量",
    "after_marks_valid": "标记后有效",
    "after_marks_reason": "标记后原因",
    "after_exemptions_avg": "豁免后均值",
    "after_exemptions_zs_avg": "豁免后折算均值",
    "after_exemptions_cou": "豁免后排放量",
    "after_exemptions_valid": "豁免后有效",
    "after_exemptions_reason": "豁免后原因",
    "ion_mean": "pH 氢离子均值（仅供参考）",
}


def columns(what: What, *, by_condition: bool) -> tuple[str, ...]:
    """Give the columns, those of a file ordered by condition with the condition first."""
    return ("condition", *_COLUMNS[what]) if by_condition else _COLUMNS[what]


def heading(column: str, lang: Lang) -> str:
    """Give the heading of a column: in English its key, which JSON lines always have."""
    return pick((HEADINGS[column], column), lang)
