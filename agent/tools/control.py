"""`paikou values SITE control|furnace`: instruments out of control, cold furnaces of a day."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from agent.control import Stretch, all_stretches
from agent.desk import MarkError
from agent.errors import Lang
from agent.furnaces import day_of
from agent.model import Kind, Period
from agent.tools.hand import Instant, desk
from agent.tools.words import JSON, JSON_LINES, factor_name, lang_option, local_time, pick

WHY = {
    "out_of_control": ("失控", "out of control"),
    "overdue": ("校准超期", "calibration overdue"),
    "failed_check": ("核查不合格", "failed check"),
}
_LASTS = ("至今", "until now")
_NEVER = ("此前无合格记录", "no pass on record before")
_PASSED = ("上次合格 {at}", "last pass {at}")
_NONE = ("没有失控时段", "no stretch out of control")
_NO_FURNACE = ("没有炉膛温度因子", "no factor of furnace temperature")
_DAY = ("低于限值 {below} 次（允许 {allowed}），不计 {excused} 次，"
        "缺 {missing} 个 5 分钟均值：{verdict}",
        "below {below} times ({allowed} allowed), {excused} excused, {missing} means missing: "
        "{verdict}")  # fmt: skip
_VERDICTS = {True: ("不达标", "a breach"), False: ("达标", "no breach")}


@click.command("control")
@click.pass_obj
@click.option("--outlet", help="排放口；不写即全部 / outlet; default all.")
@JSON_LINES
@lang_option
def control(site: Path, outlet: str | None, *, as_json: bool, lang: Lang) -> None:
    """失控时段：自不合格、超期起至下一次合格 / when instruments proved nothing."""
    with desk(site, write=False) as at:
        if outlet is not None:
            at.settings(outlet)
        every = all_stretches(at.connection, at.plan, until=int(at.now))
        found = [one for one in every if outlet in (None, one.outlet)]
    for one in found:
        click.echo(_json(one) if as_json else _line(one, lang))
    if not found and not as_json:
        click.echo(pick(_NONE, lang))


@click.command("furnace")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--day", type=Instant(), required=True, help="日期 / day.")
@JSON
@lang_option
def furnace(site: Path, outlet: str, day: float, *, as_json: bool, lang: Lang) -> None:
    """一日的炉膛温度：低于限值的 5 分钟均值 / cold five-minute means of a day."""
    period = Period.holding(Kind.DAY, day)
    with desk(site, write=False) as at:
        at.settings(outlet)
        found = day_of(at.connection, at.plan, at.names, outlet, period)
    if found is None:
        raise MarkError(f"{outlet}: {pick(_NO_FURNACE, lang)}")
    if as_json:
        told = {**dataclasses.asdict(found), "breach": found.breach}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    words = {
        "below": len(found.below),
        "allowed": found.allowed,
        "excused": len(found.excused),
        "missing": found.missing,
        "verdict": pick(_VERDICTS[found.breach], lang),
    }
    click.echo(pick(_DAY, lang).format(**words))
    for start in found.below:
        click.echo(f"        {local_time(start)}")


def _json(one: Stretch) -> str:
    told = dataclasses.asdict(one.found)
    where = {"outlet": one.outlet, "factor": one.factor, "lasting": one.lasting}
    return json.dumps({**where, **told}, ensure_ascii=False)


def _line(one: Stretch, lang: Lang) -> str:
    end = pick(_LASTS, lang) if one.lasting else local_time(one.found.end)
    passed = one.found.passed_at
    before = pick(_NEVER, lang)
    if passed is not None:
        before = pick(_PASSED, lang).format(at=local_time(passed))
    name, why = factor_name(one.factor, lang), pick(WHY[one.found.why], lang)
    return f"{one.outlet} {name} {why} {local_time(one.found.start)}–{end}  {before}"
