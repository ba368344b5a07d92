"""`paikou alarms SITE list|ack|silence`: what a person has to take note of."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from agent.alarming import LONGEST_SILENCE_S, acknowledge, listed, silence
from agent.errors import Lang
from agent.store import alarms as rows
from agent.store.alarms import Alarm
from agent.tools.acts import do, finish
from agent.tools.hand import desk, signed, site_group
from agent.tools.moments import Span
from agent.tools.words import (
    JSON,
    JSON_LINES,
    event_kind,
    factor_name,
    lang_option,
    local_time,
    pick,
)

_NONE = ("没有未确认的报警", "no alarm is open")
_LEVELS = {"urgent": ("■ 紧急", "■ urgent"), "warning": ("▲ 警告", "▲ warning")}
_LINE = ("{id:>6}  {level}  {at}  {kind} {place}{times}{lasts}", "{id:>6}  {level}  {at}  {kind} "
         "{place}{times}{lasts}")  # fmt: skip
_LASTS = ("，仍在持续", ", lasts")
_TIMES = ("，{times} 次，首次 {first}", ", {times} times since {first}")
_ACKED = ("        {at} {by} 已确认：{why}", "        {at} acknowledged by {by}: {why}")
_QUIET = (
    "◆ 静音到 {until}：{what}（{by}：{why}）",
    "◆ silent until {until}: {what} ({by}: {why})",
)
_ALL = ("全部", "all")
_DONE = ("已确认 {count} 条", "{count} acknowledged")
_HUSHED = (
    "静音到 {until}；事件照常保存和上传，只是不再重复、不鸣响",
    "silent until {until}; events are kept and told as ever, not said again, and do not sound",
)
_ENDED = ("已取消 {count} 项静音", "{count} silences ended")


alarms = site_group("alarms", "报警：列出、确认、静音 / alarms: list, acknowledge, silence.")


@alarms.command("list")
@click.pass_obj
@click.option("--all", "everything", is_flag=True, help="也列出已确认的 / acknowledged ones, too.")
@JSON_LINES
@lang_option
def list_(site: Path, *, everything: bool, as_json: bool, lang: Lang) -> None:
    """列出报警 / list alarms. Exit 0 also when there are some."""
    with desk(site, write=False) as at:
        found = listed(at.connection, everything=everything)
        hushed = rows.silences(at.connection)
    for alarm in found:
        click.echo(
            json.dumps(dataclasses.asdict(alarm), ensure_ascii=False)
            if as_json
            else _line(alarm, lang)
        )
    if as_json:
        return
    if not found:
        click.echo(pick(_NONE, lang))
    for one in hushed:
        what = " ".join(filter(None, (one.outlet, one.kind and event_kind(one.kind, lang))))
        until = local_time(one.until, "%m-%d %H:%M")
        said = {"until": until, "what": what or pick(_ALL, lang), "by": one.made_by, "why": one.why}
        click.echo(pick(_QUIET, lang).format(**said))


@alarms.command("ack")
@click.pass_obj
@click.argument("number", type=int, nargs=-1)
@signed
@JSON
@lang_option
def ack(
    site: Path, number: tuple[int, ...], *, by: str, why: str, as_json: bool, lang: Lang
) -> None:
    """确认报警；不写编号即全部 / acknowledge; all without numbers."""
    question = {"ask": "acknowledge", "alarms": number, "who": by, "why": why}
    done = do(site, question, acknowledge)
    text = pick(_DONE, lang).format(count=len(done.get("acknowledged", ())))
    finish(done, text, as_json=as_json, lang=lang)


@alarms.command("silence")
@click.pass_obj
@click.option("--outlet", default="", help="只限这个排放口 / this outlet only.")
@click.option("--kind", default="", help="只限这种事件 / this kind of event only.")
@click.option("--for", "for_s", type=Span(), default=3600.0, help="多久，默认 1h / how long.")
@click.option("--end", is_flag=True, help="取消全部静音 / end all silences.")
@signed
@JSON
@lang_option
def hush(
    site: Path,
    *,
    outlet: str,
    kind: str,
    for_s: float,
    end: bool,
    by: str,
    why: str,
    as_json: bool,
    lang: Lang,
) -> None:
    """静音一段时间，最长一天 / keep alarms quiet for a while, a day at most."""
    question = {
        "ask": "silence",
        "outlet": outlet,
        "kind": kind,
        "for_s": min(for_s, LONGEST_SILENCE_S + 1),
        "end": end,
        "who": by,
        "why": why,
    }
    done = do(site, question, silence)
    text = ""
    if "until" in done:
        text = pick(_HUSHED, lang).format(until=local_time(done["until"], "%m-%d %H:%M"))
    elif "ended" in done:
        text = pick(_ENDED, lang).format(count=len(done["ended"]))
    finish(done, text, as_json=as_json, lang=lang)


def _line(alarm: Alarm, lang: Lang) -> str:
    factor = factor_name(alarm.factor, lang) if alarm.factor else ""
    times = ""
    if alarm.times > 1:
        first = local_time(alarm.raised_at, "%m-%d %H:%M")
        times = pick(_TIMES, lang).format(times=alarm.times, first=first)
    text = pick(_LINE, lang).format(
        id=alarm.id,
        level=pick(_LEVELS[alarm.level], lang),
        at=local_time(alarm.last_at, "%m-%d %H:%M:%S"),
        kind=event_kind(alarm.kind, lang),
        place=" ".join(filter(None, (alarm.outlet, factor))),
        times=times,
        lasts=pick(_LASTS, lang) if alarm.lasts else "",
    )
    if alarm.acknowledged_at is None:
        return text
    at = local_time(alarm.acknowledged_at, "%m-%d %H:%M")
    said = pick(_ACKED, lang).format(at=at, by=alarm.acknowledged_by, why=alarm.why)
    return f"{text}\n{said}"
