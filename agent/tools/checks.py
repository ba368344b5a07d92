"""`paikou values SITE check|mass|rates`: checks by hand, lost mass, rates of a day."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Literal

import click

from agent.control import settle_control
from agent.desk import Desk, MarkError
from agent.errors import Lang
from agent.marks import term_start
from agent.model import Kind, Period
from agent.rating import rates_of_day
from agent.store import checks
from agent.store.checks import CheckRecord
from agent.substituting import of_month, of_quarter
from agent.substitution import Verdict
from agent.substitution.drift import What
from agent.substitution.judging import Judged, judge
from agent.tools.hand import Instant, Number, desk, signed, span_options
from agent.tools.stored_mass import list_stored
from agent.tools.words import JSON_LINES, lang_option, pick

SAME = ("已有同一记录，未改动", "this very record is there already; nothing changed")
_NOW = ("即时", "immediate")
_THEN = ("补全", "completed")
_SHARES = (
    "{station} {when}：传输率 {0}，有效率 {1}，有效传输率 {2}",
    "{station} {when}: transmission {0}, validity {1}, effective {2}",
)
VERDICTS = {
    Verdict.PASS: ("合格", "passed"),
    Verdict.FAIL: ("不合格", "failed"),
    Verdict.OUT_OF_CONTROL: ("失控", "out of control"),
}
_MASS = ("捕集率 {rate}；实测量 {measured}，替代量 {substituted}"
         "（{count} 个时段，其中 {empty} 个无法替代）",
         "capture rate {rate}; measured {measured}, substituted {substituted} "
         "({count} periods, {empty} of them left empty)")  # fmt: skip


@click.command("check")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--factor", required=True, help="因子编码 / factor code.")
@click.option(
    "--kind",
    type=click.Choice(["zero", "span", "standard"]),
    required=True,
    help="零点、量程、标样 / kind.",
)
@click.option("--nominal", type=Number(), required=True, help="标称值 / nominal.")
@click.option("--reading", type=Number(), required=True, help="示值 / reading.")
@click.option("--full-scale", type=Number(), help="满量程，zero 和 span 用 / full scale.")
@span_options(needed=True)
@signed
@lang_option
def check(
    site: Path,
    outlet: str,
    factor: str,
    kind: Literal["zero", "span", "standard"],
    nominal: float,
    reading: float,
    full_scale: float | None,
    since: float,
    until: float,
    *,
    by: str,
    why: str,
    lang: Lang,
) -> None:
    """录入一次校准或标样核查，并判定 / enter a calibration or standard check; it is judged."""
    with desk(site, write=True) as at:
        known_factor(at, outlet, factor, since=since, until=until)
        try:
            judged = _judged(factor, kind, reading, nominal, full_scale=full_scale)
        except ValueError as error:
            raise MarkError(f"{factor} {kind}: {error}") from error
        told = CheckRecord(
            outlet,
            factor,
            kind,
            int(since),
            int(until),
            judged.verdict,
            nominal=nominal,
            reading=reading,
            deviation=judged.percent,
            channel="manual",
            detail={"why": why},
            made_by=by,
            made_at=at.now,
        )
        number = keep(at, told)
    words = pick(VERDICTS[judged.verdict], lang)
    said = f"{number:>6}  {kind} {judged.percent:+.2f} % {words}" if number else ""
    click.echo(said or pick(SAME, lang))


def keep(at: Desk, told: CheckRecord) -> int | None:
    """Store a check, with what it means for its instrument; None when it is there already."""
    number = checks.add(at.connection, told)
    settle_control(at.connection, at.plan, told.outlet, told.factor, now=at.now)
    return number


@click.command("mass")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--factor", required=True, help="因子编码 / factor code.")
@click.option(
    "--from",
    "since",
    type=Instant(),
    required=True,
    help="季（废气）或月内任一时刻 / in its quarter or month.",
)
@click.option("--stored", is_flag=True, help="列出已存的替代量 / the substitutes as stored.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="输出 JSON；--stored 每行一个对象 / JSON; a line each with --stored.",
)
@lang_option
def mass(
    site: Path,
    outlet: str,
    factor: str,
    since: float,
    *,
    stored: bool,
    as_json: bool,
    lang: Lang,
) -> None:
    """排放量及替代量 / mass with its substitutes: gas by quarter, water by month."""
    with desk(site, write=False) as at:
        known_factor(at, outlet, factor, since=0, until=since)
        known = at.plan.outlets[outlet]
        gas = known.medium == "gas"
        reckon = of_quarter if gas else of_month
        start = (
            term_start("quarter", int(since)) if gas else Period.holding(Kind.MONTH, since).start
        )
        if stored:
            list_stored(at, known, factor, start, as_json=as_json)
            return
        found = reckon(at.connection, known, factor, start, names=at.names, until=int(at.now))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False))
        return
    rate = "—" if found.rate is None else f"{found.rate:.4f} %"
    words = {
        "rate": rate,
        "measured": "—" if found.measured is None else f"{found.measured:.6g}",
        "substituted": f"{found.substituted:.6g}",
        "count": len(found.rows),
        "empty": found.empty,
    }
    click.echo(pick(_MASS, lang).format(**words))


@click.command("rates")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--day", type=Instant(), required=True, help="日期 / day.")
@JSON_LINES
@lang_option
def day_rates(site: Path, outlet: str, day: float, *, as_json: bool, lang: Lang) -> None:
    """一日的传输率、有效率：即时与补全，按站点 / rates of a day by station."""
    with desk(site, write=False) as at:
        at.settings(outlet)
        period = Period.holding(Kind.DAY, day)
        for station in at.plan.stations.values():
            if not any(one.id == outlet for one in station.outlets):
                continue
            found = rates_of_day(
                at.connection, at.plan.outlets[outlet], station, period, names=at.names
            )
            if as_json:
                told = {"station": station.id, **dataclasses.asdict(found)}
                click.echo(json.dumps(told, ensure_ascii=False))
                continue
            for words, one in ((_NOW, found.immediate), (_THEN, found.completed)):
                shares = (one.transmission, one.validity, one.effective)
                texts = ("—" if share is None else f"{share:.2f} %" for share in shares)
                said = {"station": station.id, "when": pick(words, lang)}
                click.echo(pick(_SHARES, lang).format(*texts, **said))


def _judged(
    factor: str,
    kind: What,
    reading: float,
    nominal: float,
    *,
    full_scale: float | None,
) -> Judged:
    """Give the deviation in percent and the verdict. Raises ValueError."""
    if kind != "standard" and full_scale is None:
        raise ValueError("--full-scale?")
    # a drift entered by hand has the bounds of Table 4, whatever the instrument measures
    medium = "water" if kind == "standard" else "gas"
    found = judge(factor, medium, kind, reading=reading, nominal=nominal, full_scale=full_scale)
    if found is None:
        raise ValueError("没有这种核查的判定规则 / no rule judges such a check")
    return found


def known_factor(at: Desk, outlet: str, factor: str, *, since: float, until: float) -> None:
    """Raise MarkError unless the outlet has the factor and the span is in the past."""
    at.settings(outlet)
    if factor not in at.plan.outlets[outlet].factors:
        raise MarkError(f"{outlet}: 没有因子 / no factor {factor}")
    if until <= since:
        raise MarkError("采样止不晚于采样起 / the end does not lie after the begin")
    if until > at.now:
        raise MarkError("采样止在将来 / the end lies in the future")
