"""The report on top of a bundle: what, when, how much over, which bottle, who touched it.

One file without script or font, in Chinese, to be read and printed by who sees nothing else.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from agent.settings import Site
from agent.store.events import Event
from agent.tools.evidence.facts import Course, Facts
from agent.tools.evidence.plot import plot
from agent.tools.words import cause, factor_name, local_time
from protocols.hj212.factors import factor

_KINDS = {
    "exceedance": "超标",
    "retention": "超标留样",
    "retention_blocked": "超标但未留样",
    "retention_failed": "留样失败",
    "retention_unknown": "留样结果不明",
    "camera_offline": "摄像头离线",
    "camera_frozen": "摄像头画面停滞",
    "camera_black": "摄像头无光",
    "camera_covered": "摄像头被遮挡",
    "camera_moved": "摄像头被移动",
    "camera_no_clip": "未录到像",
    "outage": "停机",
    "clock": "时钟",
    "door": "开门",
    "parameter": "参数变化",
    "power": "断电",
}
_STATES = {
    "queued": "已下令",
    "running": "执行中",
    "done": "完成",
    "failed": "失败",
    "refused": "拒绝",
    "expired": "过期未执行",
    "unknown": "结果不明",
}
_WHO = {"agent": "数采仪程序"}
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
    "volume_ml": "体积 mL",
    "at": "采样器时间",
    "reason": "原因",
    "version": "版本",
    "boot": "启动编号",
    "site": "站点文件哈希",
    "head": "日志哈希",
    "id": "编号",
    "ref": "标识",
}
_TIMES = frozenset({"first_at", "last_at", "last_completed_at", "sampled_at", "moment", "not_after",
                    "at", "begin", "end", "before"})  # fmt: skip
_SAID = {
    "measurement": "单次结果",
    "hour": "小时值",
    "inside the retention interval": "在留样间隔内",
}
_SELF_EVIDENT = frozenset({"outlet", "factor", "is_open", "signature"})
_SHORT = 20
_STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 "PingFang SC","Microsoft YaHei","Noto Sans SC",system-ui,sans-serif;
 margin:0 auto;max-width:46rem;padding:1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;
 border-bottom:1px solid #bbb}h3{font-size:1rem;margin:1rem 0 .2rem}
.answer{border-left:4px solid #b3261e;padding:.2rem .8rem;margin:.8rem 0;background:#faf6f5}
.answer b{font-size:1.3rem}.calm{border-color:#777;background:#f5f5f5}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td.t{white-space:nowrap}th{white-space:nowrap}
th,td{border:1px solid #ccc;padding:.25rem .45rem;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}code{word-break:break-all;font-size:.85rem}
svg{width:100%;height:auto;font-size:10px}svg text{fill:#444}
.axis{stroke:#999}.dot{fill:#245a8d}.value{fill:none;stroke:#245a8d;stroke-width:1.2}
.limit{stroke:#b3261e;stroke-dasharray:5 3}text.limit{stroke:none;fill:#b3261e}.mark{fill:#b07d00}
small{color:#555}@media print{body{max-width:none}h2{break-after:avoid}}
"""


def page(facts: Facts, site: Site, about: Mapping[str, Any]) -> str:
    """Give the whole report as HTML."""
    begin, end = local_time(facts.interval.begin), local_time(facts.interval.end)
    sections = (
        _answer(facts, site),
        _section("一、发生了什么", _events(facts.events)),
        _section("二、数值", _courses(facts, site)),
        _section("三、留样与指令", _orders(facts)),
        _section("四、分析仪结果", _results(facts)),
        _section("五、谁动过什么（日志）", _journal(facts)),
        _section("六、如何核对", _check(about)),
    )
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>证据报告 {_t(site.unit.name)}</title><style>{_STYLE}</style>"
        f"<h1>证据报告</h1><p>{_t(site.unit.name)}（{_t(site.unit.code)}）<br>"
        f"时段 {begin} 至 {end}（北京时间）<br><small>生成于 {local_time(about['made_at'])}，"
        f"paikou {_t(about['version'])}，生成人 {_t(about['by'])}，"
        f"事由 {_t(about['why'] or '—')}</small></p>"
        f"{''.join(sections)}</html>\n"
    )


def _answer(facts: Facts, site: Site) -> str:
    """Say the most important thing first: how much over, and which bottle."""
    wanted = facts.interval.event
    over = [one for one in facts.events if one.kind == "exceedance"]
    over = [one for one in over if one.id == wanted] or over
    if not over:
        return '<div class="answer calm"><b>该时段内没有超标事件</b></div>'
    return "".join(_one_answer(one, facts, site) for one in over)


def _one_answer(event: Event, facts: Facts, site: Site) -> str:
    state = event.detail.get("state", {})
    worst, limit = state.get("worst"), state.get("limit")
    name, unit = factor_name(event.factor, "zh"), _unit(event.factor)
    times = f"，超标 {worst / limit - 1:.2f} 倍" if worst and limit and worst > limit else ""
    outlet = next((one.name for one in site.outlets if one.id == event.outlet), "")
    until = f"至 {local_time(event.ended_at)} 结束" if event.ended_at else "，尚未结束"
    bottles = [
        one for one in facts.actions
        if one.kind == "retain" and one.state == "done"
        and (one.request.get("outlet"), one.request.get("factor")) == (event.outlet, event.factor)
    ]  # fmt: skip
    kept = "；".join(
        f"{one.outcome['bottle']} 号瓶，{one.outcome['volume_ml']:g} mL，"
        f"{local_time(one.outcome['at'])}（采样器自己的记录）"
        for one in bottles
    )
    return (
        f'<div class="answer"><b>■ {_t(outlet)} {_t(event.outlet)}：{_t(name)} '
        f"{_number(worst)} {_t(unit)}</b>，限值 {_number(limit)} {_t(unit)}{times}<br>"
        f"采样时段自 {local_time(state.get('first_at'))}，{local_time(event.at)} 判定{until}"
        f"<br>依据 {_t(event.detail.get('source') or '—')}"
        f"<br>留样：{kept or '该事件没有留样记录'}</div>"
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{title}</h2>{body or '<p>该时段内没有。</p>'}"


def _events(found: Sequence[Event]) -> str:
    rows = (
        (
            str(one.id),
            _KINDS.get(one.kind, one.kind),
            f"{one.outlet} {factor_name(one.factor, 'zh') if one.factor else ''}",
            local_time(one.at),
            local_time(one.ended_at) or "持续",
            _words(one.detail),
        )
        for one in found
        if one.kind != "exceedance_run"
    )
    return _table(("编号", "事件", "对象", "开始", "结束", "内容"), rows)


def _courses(facts: Facts, site: Site) -> str:
    begin, end = facts.interval.begin, facts.interval.end
    concerned = {(one.outlet, one.factor) for one in facts.events if one.factor}
    parts = []
    for one in sorted(facts.courses, key=lambda one: (one.outlet, one.factor) not in concerned):
        drawn = plot(one, begin, end)
        if drawn or one.hours:
            title = f"{one.outlet} {factor_name(one.factor, 'zh')} {_unit(one.factor)}"
            parts.append(f"<h3>{_t(title)}</h3>{drawn}{_hours(one)}")
    return "".join(parts)


def _hours(course: Course) -> str:
    rows = (
        (
            local_time(row.period.start, "%m-%d %H 时"),
            _number(row.avg),
            _number(row.min),
            _number(row.max),
            cause(row.cause.value, "zh"),
            "有效" if row.valid else "无效",
            f"修订 {row.revision}" if row.revision else "",
        )
        for row in course.hours
    )
    return _table(("小时", "均值", "最小", "最大", "状态", "有效性", ""), rows, numbers=(1, 2, 3))


def _orders(facts: Facts) -> str:
    rows = (
        (
            str(one.id),
            one.device,
            f"{one.kind}（{one.cause}）",
            local_time(one.created_at),
            local_time(one.not_after),
            _STATES.get(one.state, one.state),
            _words(one.outcome or {}),
        )
        for one in facts.actions
    )
    return _table(("编号", "设备", "指令", "下达", "最迟", "状态", "结果"), rows)


def _results(facts: Facts) -> str:
    rows = (
        (
            str(outlet),
            factor_name(str(code), "zh"),
            str(device or ""),
            local_time(sampled_at, "%m-%d %H 时"),
            local_time(completed_at),
            local_time(received_at),
            f"{_number(value)} {_unit(str(code))}",
            cause(str(why), "zh"),
        )
        for outlet, code, device, sampled_at, completed_at, received_at, value, why in (
            facts.measurements
        )
    )
    heads = ("排口", "因子", "仪器", "采样小时", "仪器完成", "收到", "结果", "状态")
    return _table(heads, rows)


def _journal(facts: Facts) -> str:
    rows = (
        (
            str(one.seq),
            local_time(one.at),
            _WHO.get(one.who, one.who),
            one.what,
            _words(one.detail),
        )
        for one in facts.journal
    )
    return _table(("行", "时间", "谁", "什么", "内容"), rows)


def _check(about: Mapping[str, Any]) -> str:
    return (
        "<p>在任何装有 paikou 的计算机上，不需要网络：</p><p><code>paikou verify 本文件.zip"
        f" --key {_t(about['key'])}</code></p><p>公钥应与平台从本数采仪收到的公钥（health 主题）"
        "一致。核对内容：整个文件的签名、每个文件的哈希、日志链、按小时封存的原始样本和统计值。"
        f"</p><p>日志末行哈希 <code>{_t(about['head'])}</code></p>"
    )


def _table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()
) -> str:
    body = "".join(_row(row, numbers) for row in rows)
    if not body:
        return ""
    head = "".join(f"<th>{_t(one)}</th>" for one in heads)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _row(cells: Sequence[str], numbers: Sequence[int]) -> str:
    parts: Iterator[str] = (
        f"<td{' class=n' if number in numbers else ''}>{_t(cell)}</td>"
        for number, cell in enumerate(cells)
    )
    return f"<tr>{''.join(parts)}</tr>"


def _class(cell: str, number: bool) -> str:
    """Numbers stand to the right; what is short is not broken."""
    return " class=n" if number else " class=t" if len(cell) <= _SHORT else ""


def _words(detail: Mapping[str, Any]) -> str:
    """Give a detail as key and value; what is nested stands with the rest."""
    flat: dict[str, Any] = {}
    for key, value in detail.items():
        flat |= value if isinstance(value, Mapping) else {key: value}
    return "；".join(
        f"{_KEYS.get(key, key)} {_told(key, value)}"
        for key, value in flat.items()
        if key not in _SELF_EVIDENT and value not in ("", None)
    )


def _told(key: str, value: Any) -> str:
    if key in _TIMES and isinstance(value, int | float):
        return local_time(value)
    if isinstance(value, float):
        return _number(value)
    return _SAID.get(str(value), str(value))


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.6g}"


def _unit(code: str) -> str:
    known = factor(code, "hj212-2017")
    return known.unit if known else ""


def _t(text: object) -> str:
    return html.escape(str(text))
