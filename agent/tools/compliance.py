"""`paikou values SITE month|limits`: a month's validated values, limits and their standards."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import click

from agent.compliance import StandardLimit, standard_limits
from agent.desk import MarkError
from agent.errors import Lang
from agent.model import Kind, Period
from agent.monthly import FactorMonth, of_month
from agent.plan import FactorPlan, make_plan
from agent.rules import Limit
from agent.settings import load_site
from agent.tools.hand import Instant, desk
from agent.tools.words import JSON_LINES, factor_name, lang_option, pick

_NONE = ("该月没有已结束的时段", "no closed period in that month")
_MONTH = (
    "{name}：{valid}/{parts} 有效，月均值 {mean}，最大 {largest}，超标 {over}，{relief}，"
    "有效数据率 {rate}",
    "{name}: {valid}/{parts} valid, monthly mean {mean}, largest {largest}, over {over}, {relief}, "
    "share of valid data {rate}",
)
_RELIEF = {
    True: ("均未超标", "each within its limit"),
    False: ("有超标，不符合减征条件", "not each within its limit: no relief"),
    None: ("无限值可判", "no limit to judge by"),
}
_NO_LIMITS = ("该排放口没有限值", "this outlet has no limits")
_SAID = {
    "same": ("与标准表一致", "as in the table of standards"),
    "differs": ("标准表为 {table}，请核对", "the table of standards has {table}: look again"),
    "unknown": ("标准表中没有，按出处核对", "not in the table of standards: see its source"),
}


@click.command("month")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--month", "at_", type=Instant(), required=True, help="月内任一时刻 / in the month.")
@JSON_LINES
@lang_option
def month(site: Path, outlet: str, at_: float, *, as_json: bool, lang: Lang) -> None:
    """一月的有效值：月均值、超标、税收减征条件（标记后） / a month after marks: means, relief."""
    period = Period.holding(Kind.MONTH, at_)
    with desk(site, write=False) as at:
        at.settings(outlet)
        found = of_month(at.connection, at.plan.outlets[outlet], period, names=at.names)
    for one in found:
        if as_json:
            told = {"outlet": outlet, **dataclasses.asdict(one)}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            click.echo(_line(one, lang))
    if not found and not as_json:
        click.echo(pick(_NONE, lang))


def _line(one: FactorMonth, lang: Lang) -> str:
    return pick(_MONTH, lang).format(
        name=factor_name(one.factor, lang),
        valid=one.valid,
        parts=one.parts,
        mean=_figure(one.mean),
        largest=_figure(one.largest),
        over=one.over,
        relief=pick(_RELIEF[one.relief], lang),
        rate="—" if one.rate is None else f"{one.rate:.2f} %",
    )


@click.command("limits")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@JSON_LINES
@lang_option
def limits(site: Path, outlet: str, *, as_json: bool, lang: Lang) -> None:
    """限值，与其标准的表比对 / limits of the site file beside their standards'."""
    plan = make_plan(load_site(site)[0])
    if outlet not in plan.outlets:
        known = ", ".join(plan.outlets)
        raise MarkError(f"{outlet}: 没有这个排放口 / no such outlet; {known}")
    rows = [row for one in plan.outlets[outlet].factors.values() for row in _beside(one)]
    for one, limit, table in rows:
        said = "unknown" if not table else "same" if _is_in(limit, table) else "differs"
        if as_json:
            told = {"outlet": outlet, "factor": one.factor, **dataclasses.asdict(limit)}
            told |= {"table": said, "of_standard": [dataclasses.asdict(row) for row in table]}
            click.echo(json.dumps(told, ensure_ascii=False, default=str))
            continue
        words = pick(_SAID[said], lang).format(table=", ".join(sorted({_span(r) for r in table})))
        name = factor_name(one.factor, lang)
        click.echo(f"{name} {limit.on} {_span(limit)} {limit.rank} {limit.source}  {words}")
    if not rows and not as_json:
        click.echo(pick(_NO_LIMITS, lang))


def _beside(one: FactorPlan) -> Iterator[tuple[FactorPlan, Limit, list[StandardLimit]]]:
    """Give each limit of a factor with the rows of the standard that its source names."""
    for limit in one.limits:
        named = [
            row
            for row in standard_limits()
            if row.factor == one.factor and _number(row.standard) in limit.source
        ]
        yield one, limit, named


def _number(standard: str) -> str:
    """Give a standard's number without its amendment: `GB 28662-2012`."""
    return " ".join(standard.split()[:2])


def _is_in(limit: Limit, table: list[StandardLimit]) -> bool:
    return any((row.low, row.high) == (limit.low, limit.high) for row in table)


def _span(one: Limit | StandardLimit) -> str:
    if one.low is None:
        return f"≤{_figure(one.high)}"
    return f"{_figure(one.low)}–{_figure(one.high)}" if one.high is not None else f"≥{one.low:g}"


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.6g}"
