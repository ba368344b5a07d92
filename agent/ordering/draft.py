"""The draft of an answer to a supervision order: what the store says, in sentences. Pure.

It states and explains nothing: why it was so, and what was done, is for a person to add.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from agent.ordering.gathering import FactorFacts, Gathered, OutletFacts, OverHour
from agent.report.cause_words import CAUSES
from agent.store.events import Event
from agent.store.marks import Kept
from protocols.hj212.factors import factor
from protocols.hj212.times import BEIJING_OFFSET_S

MOST_LINES = 40
"""Hours, marks, checks or events of one list; the rest is counted."""
LONGEST = 16_000
"""Characters of a draft."""
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
_KINDS = {
    "zero": "零点检查",
    "span": "量程检查",
    "standard": "标样核查",
    "comparison": "比对",
    "accuracy": "准确度检查",
}
_VERDICTS = {"pass": "合格", "fail": "不合格", "out_of_control": "失控"}
_STATES = {"confirmed": "已确认", "proposed": "待确认", "refused": "已否决"}
_BLOCKED = {"retention_blocked": "未留样", "retention_failed": "留样失败"}


def draft(number: str, found: Gathered) -> str:
    """Write what an interval was like, in Chinese, for a person to complete."""
    span = f"{_moment(found.start)} 至 {_moment(found.end)}"
    lines = [f"关于督办 {number}：{span} 的数据由数采仪自动整理如下。"]
    if found.cut:
        lines.append("（时段较长，只整理最近 31 天）")
    for one in found.outlets:
        lines += ["", f"【{one.outlet}】", *_outlet(one)]
    if not found.outlets:
        lines.append("该站点没有这个排放口的数据。")
    if found.clips:
        lines += ["", f"录像：时段内保存 {found.clips} 段。"]
    lines += ["", "原因说明（由经办人填写）：", "处理措施（由经办人填写）："]
    return "\n".join(lines)[:LONGEST]


def _outlet(one: OutletFacts) -> Iterator[str]:
    for each in one.factors:
        yield from _factor(each)
    yield from _list("标记", [_mark(kept) for kept in one.marks])
    yield from _list(
        "校准和核查",
        [
            f"{_moment(check.end)} {_name(check.factor)} {_KINDS.get(check.kind, check.kind)}"
            f"{_deviation(check.deviation)}：{_VERDICTS.get(str(check.verdict), check.verdict)}"
            for check in one.checks
        ],
    )
    yield from _list("留样", list(_bottles(one.events)))
    yield from _list("箱门", [_lasting(each) for each in one.events if each.kind == "door"])
    yield from _list("断电", [_lasting(each) for each in one.events if each.kind == "power"])
    yield from _list(
        "维护开关",
        [
            f"{_lasting(each)} {each.detail.get('who', '')} {each.detail.get('why', '')}".rstrip()
            for each in one.events
            if each.kind == "maintenance"
        ],
    )
    changed = [each for each in one.events if each.kind.startswith("parameter")]
    yield from _list("仪器参数变动", [_parameter(each) for each in changed])


def _factor(one: FactorFacts) -> Iterator[str]:
    name = _name(one.factor)
    if not one.hours:
        yield f"{name}：没有小时数据。"
        return
    head = f"{name}：小时数据 {one.hours} 个"
    if one.limited:
        head += f"，超标 {len(one.over)} 个" if one.over else "，均未超标"
    if one.causes:
        said = "、".join(
            f"{CAUSES.get(cause.value, (cause.value,))[0]}（{letter}）{count} 个"
            for cause, letter, count in one.causes
        )
        head += f"；有标记的：{said}"
    yield head + "。"
    unit = _unit(one.factor)
    for hour in one.over[:MOST_LINES]:
        yield "  · " + _over(hour, unit)
    if len(one.over) > MOST_LINES:
        yield f"  · 另有 {len(one.over) - MOST_LINES} 个"


def _over(hour: OverHour, unit: str) -> str:
    said = f"{_moment(hour.start)} {hour.value:g}{unit}，标准 {hour.standard:g}{unit}"
    if hour.multiple is not None:
        said += f"，超标 {hour.multiple:.2f} 倍"
    return said if hour.valid else said + "（该小时数据无效）"


def _mark(kept: Kept) -> str:
    record = kept.record
    named = "、".join(_name(code) for code in record.factors) or "全部因子"
    state = _STATES.get(record.state.value, record.state.value)
    why = record.reason or kept.why
    return (
        f"{_moment(record.start)} 至 {_moment(record.last)} {record.code}（{named}，{state}）"
        f"{'：' + why if why else ''}"
    )


def _bottles(happened: Sequence[Event]) -> Iterator[str]:
    for one in happened:
        what = one.detail
        if one.kind == "retention":
            volume = what.get("volume_ml")
            amount = "" if volume is None else f"，{volume:g} mL"
            yield f"{_moment(one.at)} {_name(one.factor)} {what.get('bottle', '?')} 号瓶{amount}"
        elif one.kind in _BLOCKED:
            reason = what.get("reason", "")
            yield f"{_moment(one.at)} {_name(one.factor)} {_BLOCKED[one.kind]}：{reason}"
        elif one.kind == "retention_unknown":
            yield f"{_moment(one.at)} {_name(one.factor)} 留样结果不明"


def _parameter(one: Event) -> str:
    what = one.detail
    return (
        f"{_moment(one.at)} {what.get('device', '')} {what.get('parameter', '')}："
        f"{what.get('old', '')} → {what.get('new', '')}"
    )


def _lasting(one: Event) -> str:
    end = "未结束" if one.ended_at is None else _moment(one.ended_at)
    return f"{_moment(one.at)} 至 {end}"


def _deviation(value: float | None) -> str:
    return "" if value is None else f"，误差 {value:.2f}%"


def _list(title: str, found: Sequence[str]) -> Iterator[str]:
    if not found:
        yield f"{title}：无。"
        return
    yield f"{title}：{len(found)} 条。"
    for text in found[:MOST_LINES]:
        yield f"  · {text}"
    if len(found) > MOST_LINES:
        yield f"  · 另有 {len(found) - MOST_LINES} 条"


def _name(code: str) -> str:
    known = factor(code, "hj212-2017") or factor(code, "hj212-2025")
    return f"{known.name_zh}" if known else code


def _unit(code: str) -> str:
    known = factor(code, "hj212-2017") or factor(code, "hj212-2025")
    return f" {known.unit}" if known and known.unit else ""


def _moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, _ZONE).strftime("%Y-%m-%d %H:%M")
