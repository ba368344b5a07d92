"""What stands in the store, in the report's words: kinds, states, keys, journal lines. A table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.tools.words import EVENTS, ORDER_STATES, cause, event_kind, local_time, pick
from agent.tools.words import ORDERS as WORDS_OF_ORDERS
from protocols.hj212.factors import factor

KINDS = {kind: pick(words, "zh") for kind, words in EVENTS.items()}
STATES = {state: pick(words, "zh") for state, words in ORDER_STATES.items()}
ORDERS = {kind: pick(words, "zh") for kind, words in WORDS_OF_ORDERS.items()}
CAUSES = {"rule": "规则触发", "platform": "平台指令", "operator": "人工"}
_KEYS = {
    "on": "判定对象",
    "source": "依据",
    "rows": "次数",
    "first_at": "首个采样时段",
    "last_at": "末个采样时段",
    "last_completed_at": "末次结果",
    "worst": "最大值",
    "limit": "限值",
    "value": "值",
    "sampled_at": "采样时段",
    "moment": "计时起点",
    "not_after": "最迟",
    "bottle": "瓶号",
    "bottles": "瓶数",
    "bottles_kept": "已留瓶号",
    "others": "平行瓶",
    "mode": "方式",
    "vessel": "混匀桶",
    "ok": "成功",
    "code": "瓶签",
    "waits": "等待",
    "waited_for": "一直等的是",
    "alarm": "报警编号",
    "of": "事件类型",
    "state": "状态",
    "step": "步骤",
    "level": "级别",
    "times": "次数",
    "volume_ml": "体积",
    "at": "时间",
    "reason": "原因",
    "version": "版本",
    "boot": "启动编号",
    "site": "站点文件哈希",
    "head": "日志哈希",
    "id": "编号",
    "ref": "标识",
    "camera": "摄像头",
    "file": "文件",
    "begin": "起",
    "end": "止",
    "before_s": "前",
    "after_s": "后",
    "who": "谁",
    "by": "谁",
    "why": "事由",
    "old": "原值",
    "new": "新值",
    "parameter": "参数",
    "device": "仪器",
    "door": "门",
    "maintenance": "维护",
    "until": "至",
    "station": "站点",
    "event": "事件",
    "clips": "含录像",
    "command": "指令",
    "bytes": "大小",
    "switch": "开关编号",
    "kind": "类型",
    "ended_by": "结束人",
    "to": "交给",
    "seal": "封签照片",
    "guarded": "须执法或平台放行",
    "kept_at": "留样时间",
    "touched_at": "触及时间",
    "sampler": "采样器",
    "refused": "拒绝原因",
    "asked": "要求",
    "alarms": "报警编号",
    "number": "文号",
    "deadline_at": "答复期限",
    "percent": "已过期限 %",
    "content": "内容",
    "text": "正文",
    "answer": "答复编号",
    "files": "附件",
    "late": "逾期",
    "name": "名称",
    "receipt": "签收",
    "received_at": "签收时间",
    "verification": "核实",
    "stage": "阶段",
    "start": "起",
    "since": "起",
    "made_at": "提出时间",
    "made_by": "提出人",
    "decided_by": "决定人",
    "decided_at": "决定时间",
    "channel": "来源",
    "facility": "设施",
    "factors": "因子",
    "evidence": "依据",
    "objections": "矛盾",
    "card": "卡号",
    "free": "空瓶数",
    "doors": "开门次数",
    "nominal": "标准值",
    "reading": "示值",
    "deviation": "误差 %",
    "verdict": "结论",
    "tries": "次数",
    "before": "之前",
}
_TIMES = frozenset({"first_at", "last_at", "last_completed_at", "sampled_at", "moment", "not_after",
                    "at", "begin", "end", "before", "until", "start", "since", "deadline_at",
                    "kept_at", "touched_at", "received_at", "made_at", "decided_at"})  # fmt: skip
_UNITS = {"volume_ml": "mL", "before_s": "s", "after_s": "s", "bytes": "字节"}
_EVENTS = frozenset({"of", "kind"})
_MEASURED = frozenset({"value", "limit", "worst", "standard", "nominal", "reading"})
"""Keys whose number is in the unit of the factor that the detail is of."""
_SAID = {
    "measurement": "单次结果",
    "hour": "小时值",
    "inside the retention interval": "在留样间隔内",
    "open": "开",
    "closed": "关",
    "immediate": "即时",
    "manual": "手动",
    "timed": "定时",
    "synchronous": "同步",
    "contact": "干接点",
    "acknowledged": "已确认",
    "again": "再次提醒",
    "received": "收到",
    "reminder": "提醒",
    "overdue": "逾期",
    "answered": "已答复",
    "judged": "已核实",
    "warning": "事前预警",
    "dispatch": "事中调度",
    "handling": "事后督办",
    "urgent": "紧急",
    "auto": "自动",
    "confirmed": "已确认",
    "proposed": "待确认",
    "refused": "已否决",
    "pass": "合格",
    "fail": "不合格",
    "acknowledge": "确认",
    "silence": "静音",
    "release": "放行",
    "confirm": "核对",
    "no free bottle": "没有空瓶",
    "standard check running": "正在核查",
    "measured flow is zero": "实测流量为零",
    "the vessel was drained before": "混匀桶已排空",
    "another took its place": "原位已留新样",
    "its deadline had passed": "已过最迟时间",
    "door open": "柜门开着",
    "sampler busy: it is filling a bottle": "采样器正在留样",
    "sampler busy: it says not now": "采样器忙",
    "nothing was sent: no empty bottle": "没有空瓶，未下发",
    "interrupted; the sampler has no record of a kept bottle": "中断；采样器没有留样记录",
    "True": "是",
    "False": "否",
    **{name: said for name, said in KINDS.items() if name in ("exceedance", "retention")},
}
_INVALID, _SWITCHED = "value not valid: ", "switched to "
_BEGINNINGS = (
    (_INVALID, "数据无效"),
    ("sampler in maintenance: ", "采样器维护中"),
    ("sampler not ready (fault): ", "采样器故障"),
    ("sampler not ready (stopped): ", "采样器停止"),
    (_SWITCHED, "开关已置于"),
    ("ordered, and the sampler does not answer: ", "已下令，采样器没有应答"),
    ("nothing was sent: ", "未下发"),
)
"""How reasons begin whose rest differs; the first that fits counts."""
_WRITTEN = (("m3", "m³"), ("ug", "μg"), ("degC", "℃"))
_SELF_EVIDENT = frozenset({
    "outlet", "factor", "is_open", "signature", "sha256", "still", "gaps", "order",
    "damaged_store", "in_doubt", "boot", "site", "seal_sha256", "states_broken_off",
})  # fmt: skip


def words(detail: Mapping[str, Any], *, of: str = "") -> str:
    """Give a detail as key and value; what is nested stands with the rest.

    `of` is the factor that it is about, where it does not say so itself.
    """
    flat: dict[str, Any] = {}
    for key, value in detail.items():
        flat |= value if isinstance(value, Mapping) and key != "still" else {key: value}
    per = unit(str(flat.get("factor") or of))
    return "；".join(
        f"{_KEYS.get(key, key)} {_told(key, value, per)}".strip()
        for key, value in flat.items()
        if key not in _SELF_EVIDENT and value not in ("", None, [], ())
    )


def number(value: float | None) -> str:
    """Give a value with the digits that mean something."""
    return "—" if value is None else f"{value:.6g}"


def unit(code: str) -> str:
    """Give the unit a factor is reported in, as people write it."""
    known = factor(code, "hj212-2017")
    said = known.unit if known else ""
    for plain, written in _WRITTEN:
        said = said.replace(plain, written)
    return said


def _told(key: str, value: Any, per: str) -> str:
    if isinstance(value, Mapping):
        return " ".join(_told(name, one, per) for name, one in value.items() if name != "sha256")
    if isinstance(value, list | tuple):
        return "、".join(_told(key, one, per) for one in value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if key in _TIMES and is_number:
        return local_time(value)
    said = number(value) if isinstance(value, float) else str(value)
    after = (per if key in _MEASURED else _UNITS.get(key, "")) if is_number else ""
    if key in _EVENTS:
        return event_kind(said, "zh")
    for before, told in _BEGINNINGS:
        if said.startswith(before):
            rest = said.removeprefix(before)
            return f"{told}：{cause(rest, 'zh') if before in (_INVALID, _SWITCHED) else rest}"
    return f"{_SAID.get(said, said)} {after}".strip()
