"""The head of a report: what, when, how much over, which bottle, who touched it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.settings import Site
from agent.store.actions import Action
from agent.store.bottles import Bottle
from agent.store.events import Event
from agent.tools.evidence.facts import Facts
from agent.tools.evidence.films import Shown
from agent.tools.evidence.hands import People, people, touched
from agent.tools.evidence.kept import custody, temperature, water
from agent.tools.evidence.markup import facts as listed
from agent.tools.evidence.markup import text
from agent.tools.evidence.named import measured_by
from agent.tools.evidence.said import STATES, number, unit, words
from agent.tools.words import event_kind, factor_name, local_time

HOUR_S, DAY_S = 3600, 86_400
_ENDED = frozenset({"refused", "expired", "failed"})
"""How an order ends that kept no bottle; any other end leaves it open."""


def answer(facts: Facts, site: Site, filmed: list[Shown]) -> str:
    """Say the most important thing first."""
    wanted = facts.interval.event
    over = [one for one in facts.events if one.kind == "exceedance"]
    over = [one for one in over if one.id == wanted] or over
    if over:
        return "".join(_exceedance(one, facts, site, filmed) for one in over)
    about = next((one for one in facts.events if one.id == wanted), None)
    head = f"{event_kind(about.kind, 'zh')} {about.outlet}" if about else "该时段内没有超标事件"
    return (
        f'<div class="answer calm"><b>{text(head)}</b>'
        f"{listed((('什么时候', _when(about) if about else '—'), _who(facts, site)))}</div>"
    )


def _exceedance(event: Event, facts: Facts, site: Site, filmed: list[Shown]) -> str:
    state = event.detail.get("state", {})
    worst, limit = state.get("worst"), state.get("limit")
    name, per = factor_name(event.factor, "zh"), unit(event.factor)
    outlet = next((one.name for one in site.outlets if one.id == event.outlet), "")
    times = "—"
    if worst and limit and worst > limit:
        times = f"<strong>超标 {worst / limit - 1:.2f} 倍</strong>"
    elif worst is not None and limit is not None:
        times = "低于下限"
    source = event.detail.get("source") or "—"
    mine = [one for one in filmed if one.about.get("outlet") == event.outlet]
    pairs = (
        ("什么时候", f"{_sampled(state)}{_when(event)}"),
        (
            "超了多少",
            f"{times}：{number(worst)} {text(per)}，限值 {number(limit)} {text(per)}"
            f"（{text(source)}）",
        ),
        ("谁测的", text(measured_by(site, event.outlet, event.factor)) or "—"),
        ("哪一瓶", _bottles(event, facts, site)),
        ("录像", "；".join(map(_film, mine)) or "没有"),
        _who(facts, site),
    )
    return (
        f'<div class="answer"><b>■ {text(outlet)} {text(event.outlet)}：{text(name)} '
        f"{number(worst)} {text(per)}</b>{listed(pairs)}</div>"
    )


def _sampled(state: Mapping[str, Any]) -> str:
    """Name the hours of the water: from the first to the end of the last."""
    first, last = state.get("first_at"), state.get("last_at", state.get("first_at"))
    if first is None or last is None:
        return ""
    form = "%H:%M" if last - first < DAY_S / 2 else "%Y-%m-%d %H:%M"
    return f"水样 {local_time(first, '%Y-%m-%d %H:%M')} 至 {local_time(last + HOUR_S, form)}；"


def _film(one: Shown) -> str:
    begin, end = local_time(one.about.get("begin"), "%H:%M:%S"), one.about.get("end")
    return f'<a href="{text(one.name)}">{begin}–{local_time(end, "%H:%M:%S")}</a>'


def _when(event: Event) -> str:
    until = (
        f"，至 {local_time(event.ended_at)} 结束" if event.ended_at else "，到生成本报告时尚未结束"
    )
    return f"{local_time(event.at)} 判定{until}"


def _bottles(event: Event, facts: Facts, site: Site) -> str:
    place = (event.outlet, event.factor)
    mine = [
        one
        for one in facts.actions
        if one.kind == "retain" and (one.request.get("outlet"), one.request.get("factor")) == place
    ]
    found = "；".join(_bottle(one, facts, site) for one in mine)
    return found or _none(event, facts)


def _none(event: Event, facts: Facts) -> str:
    """Say why there is no bottle, where the agent said so itself."""
    reasons = {
        words({"reason": one.detail.get("reason")}).removeprefix("原因 ")
        for one in facts.events
        if one.kind == "retention_blocked"
        and (one.outlet, one.factor) == (event.outlet, event.factor)
    }
    return f"<strong>没有留样</strong>：{text('、'.join(sorted(reasons)))}" if reasons else (
        "没有留样记录"
    )  # fmt: skip


def _bottle(one: Action, facts: Facts, site: Site) -> str:
    if one.state != "done" or not one.outcome:
        reason = words({"reason": (one.outcome or {}).get("reason", "")}).removeprefix("原因 ")
        state = STATES.get(one.state, one.state)
        head = "<strong>没有留样</strong>" if one.state in _ENDED else "未证实"
        return f"{head}：{text(state)}{f'（{text(reason)}）' if reason else ''}"
    volume = one.outcome.get("volume_ml")
    said = f"，{volume:g} mL" if isinstance(volume, int | float) else ""
    head = (
        f"<strong>{text(one.outcome.get('bottle', '—'))} 号瓶</strong>{said}，"
        f"{local_time(one.outcome.get('at'))}（采样器自己的记录）"
    )
    kept = (_kept(each, people(site)) for each in facts.bottles if each.action == one.id)
    return "<br>".join((head, *kept))


def _kept(one: Bottle, names: People) -> str:
    return (
        f"瓶签 {text(one.code)}，水样 {text(water(one))}，箱温 {temperature(one)}；"
        f"{text(custody(one, names))}"
    )


def _who(facts: Facts, site: Site) -> tuple[str, str]:
    return "谁动过", text(f"{touched(facts.journal, people(site))}（{_looked_at(facts)}）")


def _looked_at(facts: Facts) -> str:
    """Say which stretch of the journal that is read from: before its first line there is none."""
    lines, begin = facts.journal, facts.interval.begin
    if not lines:
        return "该时段没有日志"
    if lines[0].seq == 1:
        begin = lines[0].at
    return f"查日志 {local_time(begin)} 至 {local_time(lines[-1].at)}"
