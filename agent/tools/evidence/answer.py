"""The head of a report: what, when, how much over, which bottle, who touched it."""

from __future__ import annotations

from agent.settings import Site
from agent.store.actions import Action
from agent.store.events import Event
from agent.tools.evidence.facts import Facts
from agent.tools.evidence.films import Shown
from agent.tools.evidence.hands import touched
from agent.tools.evidence.markup import facts as listed
from agent.tools.evidence.markup import text
from agent.tools.evidence.said import KINDS, STATES, number, unit
from agent.tools.words import factor_name, local_time


def answer(facts: Facts, site: Site, filmed: list[Shown]) -> str:
    """Say the most important thing first."""
    wanted = facts.interval.event
    over = [one for one in facts.events if one.kind == "exceedance"]
    over = [one for one in over if one.id == wanted] or over
    if over:
        return "".join(_exceedance(one, facts, site, filmed) for one in over)
    about = next((one for one in facts.events if one.id == wanted), None)
    head = (
        f"{KINDS.get(about.kind, about.kind)} {about.outlet}" if about else "该时段内没有超标事件"
    )
    return (
        f'<div class="answer calm"><b>{text(head)}</b>'
        f"{listed((('什么时候', _when(about) if about else '—'), _who(facts)))}</div>"
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
        ("什么时候", f"采样时段自 {local_time(state.get('first_at'))}；{_when(event)}"),
        (
            "超了多少",
            f"{times}：{number(worst)}，限值 {number(limit)} {text(per)}（{text(source)}）",
        ),
        ("哪一瓶", _bottles(event, facts)),
        ("录像", "、".join(text(one.name.rpartition("/")[2]) for one in mine) or "没有"),
        _who(facts),
    )
    return (
        f'<div class="answer"><b>■ {text(outlet)} {text(event.outlet)}：{text(name)} '
        f"{number(worst)} {text(per)}</b>{listed(pairs)}</div>"
    )


def _when(event: Event) -> str:
    until = f"，至 {local_time(event.ended_at)} 结束" if event.ended_at else "，尚未结束"
    return f"{local_time(event.at)} 判定{until}"


def _bottles(event: Event, facts: Facts) -> str:
    place = (event.outlet, event.factor)
    mine = [
        one
        for one in facts.actions
        if one.kind == "retain" and (one.request.get("outlet"), one.request.get("factor")) == place
    ]
    return "；".join(map(_bottle, mine)) or "没有留样记录"


def _bottle(one: Action) -> str:
    if one.state != "done" or not one.outcome:
        reason = (one.outcome or {}).get("reason", "")
        state = STATES.get(one.state, one.state)
        return f"未证实：{text(state)}{f'（{text(reason)}）' if reason else ''}"
    volume = one.outcome.get("volume_ml")
    said = f"，{volume:g} mL" if isinstance(volume, int | float) else ""
    return (
        f"<strong>{text(one.outcome.get('bottle', '—'))} 号瓶</strong>{said}，"
        f"{local_time(one.outcome.get('at'))}（采样器自己的记录）"
    )


def _who(facts: Facts) -> tuple[str, str]:
    return "谁动过", text(touched(facts.journal))
