"""The report on top of a bundle: what, when, how much over, which bottle, who touched it.

One file without script or font, in Chinese, to be read and printed by who sees nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.settings import Site
from agent.store.actions import Action
from agent.store.events import Event
from agent.tools.evidence.answer import answer
from agent.tools.evidence.facts import Course, Facts
from agent.tools.evidence.films import Shown, films
from agent.tools.evidence.hands import People, hand, is_touch, name, people
from agent.tools.evidence.kept import bottles
from agent.tools.evidence.lines import line
from agent.tools.evidence.markup import STYLE, section, table, text
from agent.tools.evidence.named import asker, instruments
from agent.tools.evidence.plot import NARROW, WIDTH, plot
from agent.tools.evidence.said import (
    CAUSES,
    KINDS,
    ORDERS,
    STATES,
    number,
    unit,
    words,
)
from agent.tools.words import cause, event_kind, factor_name, local_time


def page(facts: Facts, site: Site, about: Mapping[str, Any], filmed: Sequence[Shown] = ()) -> str:
    """Give the whole report as HTML."""
    begin, end = local_time(facts.interval.begin), local_time(facts.interval.end)
    shown, called = list(filmed), instruments(site)
    why = KINDS.get(about["why"], about["why"]) or "—"
    sections = (
        answer(facts, site, shown),
        section("一、发生了什么", _events(facts.events)),
        section("二、数值", _courses(facts)),
        section("三、录像和画面", films(shown, _cameras(site)) or _no_films(about)),
        section("四、留样瓶", bottles(facts.bottles, people(site))),
        section("五、指令", _orders(facts, called)),
        section("六、分析仪结果", _results(facts, called)),
        section("七、谁动过什么（日志）", _journal(facts, people(site))),
        section("八、如何核对", _check(about)),
    )
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>证据报告 {text(site.unit.name)}</title><style>{STYLE}</style>"
        f"<h1>证据报告</h1><p>{text(site.unit.name)}（{text(site.unit.code)}）<br>"
        f"时段 {begin} 至 {end}（北京时间）<br><small>生成于 {local_time(about['made_at'])}，"
        f"paikou {text(about['version'])}，要求人 {text(asker(about['by'], site))}，"
        f"事由 {text(why)}</small></p>"
        f"{''.join(sections)}</html>\n"
    )


def _events(found: Sequence[Event]) -> str:
    rows = (
        (
            str(one.id),
            event_kind(one.kind, "zh"),
            f"{one.outlet} {factor_name(one.factor, 'zh') if one.factor else ''}".strip(),
            local_time(one.at),
            _until(one),
            words(one.detail, of=one.factor),
        )
        for one in found
        if one.kind != "exceedance_run"
    )
    return table(("编号", "事件", "对象", "开始", "结束", "内容"), rows)


def _until(one: Event) -> str:
    if one.ended_at is None:
        return "持续"
    return "—" if one.ended_at == one.at else local_time(one.ended_at)


def _courses(facts: Facts) -> str:
    """Draw what events are of in full width, all else small below."""
    begin, end = facts.interval.begin, facts.interval.end
    concerned = {(one.outlet, one.factor) for one in facts.events if one.factor}
    large: list[str] = []
    small: list[str] = []
    for one in facts.courses:
        here = (one.outlet, one.factor) in concerned
        moments = _moments(one, facts) if here else ()
        drawn = plot(one, begin, end, width=WIDTH if here else NARROW, moments=moments)
        if not drawn and not one.hours:
            continue
        title = f"{one.outlet} {factor_name(one.factor, 'zh')} {unit(one.factor)}"
        part = (
            f"<div{' class=large' if here else ''}><h3>{text(title)}</h3>{drawn}{_hours(one)}</div>"
        )
        (large if here else small).append(part)
    others = f'<div class="others">{"".join(small)}</div>' if small else ""
    return "".join(large) + others


def _moments(course: Course, facts: Facts) -> list[tuple[float, str]]:
    """Give what happened to a factor: when it was found over its limit, when a bottle was kept."""
    found = [
        (one.at, "判定超标")
        for one in facts.events
        if one.kind == "exceedance" and (one.outlet, one.factor) == (course.outlet, course.factor)
    ]
    for one in facts.actions:
        place = (one.request.get("outlet"), one.request.get("factor"))
        if _kept(one) and place == (course.outlet, course.factor):
            found.append((float(one.outcome["at"]), f"留样 {one.outcome['bottle']} 号瓶"))
    return found


def _kept(one: Action) -> bool:
    return one.kind == "retain" and one.state == "done" and {"at", "bottle"} <= set(one.outcome)


def _hours(course: Course) -> str:
    rows = (
        (
            local_time(row.period.start, "%m-%d %H 时"),
            number(row.avg),
            number(row.min),
            number(row.max),
            cause(row.cause.value, "zh"),
            "有效" if row.valid else "无效",
            f"修订 {row.revision}" if row.revision else "",
        )
        for row in course.hours
    )
    return table(("小时", "均值", "最小", "最大", "状态", "有效性", ""), rows, numbers=(1, 2, 3))


def _cameras(site: Site) -> dict[str, str]:
    return {one.id: one.name or one.id for one in site.cameras}


def _no_films(about: Mapping[str, Any]) -> str:
    if about.get("clips", True):
        return ""
    return "<p>按流量计费的线路未附录像；可另行调取。</p>"


def _orders(facts: Facts, called: Mapping[str, str]) -> str:
    rows = (
        (
            str(one.id),
            called.get(one.device, one.device),
            f"{ORDERS.get(one.kind, one.kind)}（{CAUSES.get(one.cause, one.cause)}）",
            local_time(one.created_at),
            local_time(one.not_after),
            STATES.get(one.state, one.state),
            words(one.outcome or {}, of=str(one.request.get("factor", ""))),
        )
        for one in facts.actions
    )
    return table(("编号", "设备", "指令", "下达", "最迟", "状态", "结果"), rows)


def _results(facts: Facts, called: Mapping[str, str]) -> str:
    rows = (
        (
            str(outlet),
            factor_name(str(code), "zh"),
            called.get(device, str(device or "")),
            local_time(sampled_at, "%m-%d %H 时"),
            local_time(completed_at),
            local_time(received_at),
            f"{number(value)} {unit(str(code))}",
            cause(str(why), "zh"),
        )
        for outlet, code, device, sampled_at, completed_at, received_at, value, why in (
            facts.measurements
        )
    )
    heads = ("排口", "因子", "仪器", "采样小时", "仪器完成", "收到", "结果", "状态")
    return table(heads, rows)


def _journal(facts: Facts, names: People) -> str:
    rows = (
        (
            str(one.seq),
            local_time(one.at),
            name(hand(one) or one.who, names),
            line(one.what),
            words(one.detail),
        )
        for one in facts.journal
    )
    heads = ("行", "时间", "谁", "什么", "内容")
    drawn = table(heads, rows, marked=map(is_touch, facts.journal))
    note = '<p class="quiet">底色标出的不是程序自己做的：人、平台、门、参数、电源。</p>'
    return drawn + note if drawn else ""


def _check(about: Mapping[str, Any]) -> str:
    return (
        "<p>在任何装有 paikou 的计算机上，不需要网络：</p><p><code>paikou verify 本文件.zip"
        f" --key {text(about['key'])}</code></p><p>公钥应与平台从本数采仪收到的公钥（state 主题）"
        "一致。核对内容：整个文件的签名、每个文件的哈希、日志链、按小时封存的原始样本和统计值。"
        f"</p><p>日志末行哈希 <code>{text(about['head'])}</code></p>"
    )
