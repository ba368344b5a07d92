"""`paikou values SITE add|list|check|compare|mass|rates|control|furnace|month|limits`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from agent.errors import Lang
from agent.store import values as rows
from agent.store.values import ENFORCEMENT, OWN, ManualValue, Purpose
from agent.tools.checks import check, day_rates, known_factor, mass
from agent.tools.comparing import compare
from agent.tools.compliance import limits, month
from agent.tools.control import control, furnace
from agent.tools.hand import Instant, Number, attachment, desk, signed, site_group, span_options
from agent.tools.words import JSON_LINES, factor_name, lang_option, local_time, pick
from protocols.hj212.factors import factor as factor_of

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NONE = ("没有手工监测值", "no manual values")
_SAME = ("已有同一数值，未改动", "this very value is there already; nothing changed")
_PURPOSES: dict[str, tuple[str, str]] = {
    "substitute": ("替代", "substitute"),
    "comparison": ("比对", "comparison"),
}


values = site_group("values", "手工监测值与比对结果 / manual values and comparisons.")


@values.command("add")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--factor", required=True, help="因子编码 / factor code.")
@click.option(
    "--value", type=Number(), required=True, help="监测值，按上传单位 / in the wire unit."
)
@click.option("--corrected", type=Number(), help="折算值 / at reference oxygen.")
@click.option("--from", "since", type=Instant(), required=True, help="采样起 / from.")
@click.option("--to", "until", type=Instant(), required=True, help="采样止 / to.")
@click.option("--method", required=True, help="方法标准号 / method.")
@click.option("--instrument", required=True, help="仪器 / instrument.")
@click.option(
    "--purpose",
    type=click.Choice(list(_PURPOSES)),
    default="substitute",
    help="用途：substitute 替代，comparison 比对 / what for.",
)
@click.option("--enforcement", is_flag=True, help="执法监测；不写即自行监测 / enforcement.")
@click.option("--file", "laboratory", type=_FILE, help="实验室报告 / the laboratory's file.")
@signed
@lang_option
def add(
    site: Path,
    outlet: str,
    factor: str,
    value: float,
    corrected: float | None,
    since: float,
    until: float,
    method: str,
    instrument: str,
    purpose: Purpose,
    laboratory: Path | None,
    *,
    enforcement: bool,
    by: str,
    why: str,
    lang: Lang,
) -> None:
    """录入一个手工监测值 / enter one value."""
    with desk(site, write=True) as at:
        known_factor(at, outlet, factor, since=since, until=until)
        known = factor_of(factor, "hj212-2017")
        told = ManualValue(
            outlet,
            factor,
            purpose,
            int(since),
            int(until),
            value,
            known.unit if known else "",
            method,
            instrument,
            type=ENFORCEMENT if enforcement else OWN,
            corrected=corrected,
            file=attachment(laboratory),
            made_by=by,
            made_at=at.now,
            why=why,
        )
        number = rows.add(at.connection, told)
    click.echo(pick(_SAME, lang) if number is None else _line(number, told, lang))


@values.command("list")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@span_options(needed=True)
@click.option("--factor", help="因子编码 / factor code.")
@JSON_LINES
@lang_option
def list_(
    site: Path,
    outlet: str,
    since: float,
    until: float,
    factor: str | None,
    *,
    as_json: bool,
    lang: Lang,
) -> None:
    """列出手工监测值 / list values."""
    with desk(site, write=False) as at:
        at.settings(outlet)
        found = rows.between(at.connection, int(since), int(until), outlet=outlet, factor=factor)
    for number, told in found:
        if as_json:
            row = {"id": number, **dataclasses.asdict(told)}
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            click.echo(_line(number, told, lang))
    if not found and not as_json:
        click.echo(pick(_NONE, lang))


def _line(number: int, told: ManualValue, lang: Lang) -> str:
    first, last = local_time(told.start, "%m-%d %H:%M"), local_time(told.end, "%m-%d %H:%M")
    name, purpose = factor_name(told.factor, lang), pick(_PURPOSES[told.purpose], lang)
    corrected = "" if told.corrected is None else f" ({told.corrected:g})"
    value = f"{told.value:g}{corrected} {told.unit}"
    return f"{number:>6}  {purpose} {first}–{last} {told.outlet} {name} {value} {told.method}"


values.add_command(check)
values.add_command(compare)
values.add_command(mass)
values.add_command(day_rates)
values.add_command(control)
values.add_command(furnace)
values.add_command(month)
values.add_command(limits)
