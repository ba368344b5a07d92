"""`paikou faults SITE list|open|step`: fault tickets with their clocks (QC-04)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import click

from agent.desk import MarkError
from agent.errors import Lang
from agent.store import faults as rows
from agent.store.faults import STEPS, Fault, Step, What, clocks
from agent.tools.hand import Instant, desk, signed, site_group
from agent.tools.words import JSON_LINES, lang_option, local_time, pick

_STEPS: dict[str, tuple[str, str]] = {
    "on_site": ("到场", "on site"),
    "repaired": ("修复", "repaired"),
    "spare": ("备机", "spare instrument"),
    "closed": ("关闭", "closed"),
}
_DONE = ("✓ {step} {at}{late}", "✓ {step} {at}{late}")
_DUE = ("  {step} 限 {due}，余 {left}", "  {step} due {due}, {left} left")
_OVER = ("■ {step} 限 {due}，已超 {left}", "■ {step} was due {due}, {left} ago")
_LATE = ("（超时）", " (late)")
_SAME = ("已有同一故障单，未改动", "this very ticket is there already; nothing changed")
_NONE = ("没有故障单", "no tickets")


faults = site_group(
    "faults", "故障单与时限 / fault tickets and their clocks: 4 h, 8 h (logger 12 h), 72 h."
)


@faults.command("list")
@click.pass_obj
@click.option("--all", "everything", is_flag=True, help="也列出已关闭的 / closed ones too.")
@JSON_LINES
@lang_option
def list_(site: Path, *, everything: bool, as_json: bool, lang: Lang) -> None:
    """列出故障单 / list tickets."""
    with desk(site, write=False) as at:
        found = rows.listed(at.connection, open_only=not everything)
    for one in found:
        click.echo(_json(one, at.now) if as_json else "\n".join(_lines(one, at.now, lang)))
    if not found and not as_json:
        click.echo(pick(_NONE, lang))


@faults.command("open")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--device", required=True, help="仪器编号；数采仪写 logger / device id, or logger.")
@click.option("--text", required=True, help="故障现象 / what is wrong.")
@click.option("--at", "since", type=Instant(), help="发现时间；不写即现在 / when it was found.")
@signed
@lang_option
def open_(
    site: Path,
    outlet: str,
    device: str,
    text: str,
    since: float | None,
    *,
    by: str,
    why: str,
    lang: Lang,
) -> None:
    """开故障单 / open a ticket."""
    with desk(site, write=True) as at:
        at.settings(outlet)
        if device != "logger" and device not in set(at.plan.devices()):
            known = " ".join(at.plan.devices())
            raise MarkError(f"{device}: 没有这台仪器 / no such device; {known} logger")
        opened_at = at.now if since is None else since
        if opened_at > at.now:
            raise MarkError("发现时间在将来 / found in the future")
        what: What = "logger" if device == "logger" else "instrument"
        fault = rows.open_ticket(
            at.connection,
            outlet,
            device,
            what=what,
            text=text,
            opened_at=opened_at,
            by=by,
            why=why,
            now=at.now,
        )
    said = [pick(_SAME, lang)] if fault is None else _lines(fault, at.now, lang)
    click.echo("\n".join(said))


@faults.command("step")
@click.pass_obj
@click.argument("fault", type=int)
@click.argument("name", type=click.Choice(list(STEPS)))
@click.option("--at", "when", type=Instant(), help="时间；不写即现在 / when; now by default.")
@signed
@lang_option
def step(
    site: Path, fault: int, name: Step, when: float | None, *, by: str, why: str, lang: Lang
) -> None:
    """记一步：on_site 到场，repaired 修复，spare 备机，closed 关闭 / note a step."""
    with desk(site, write=True) as at:
        moment = at.now if when is None else when
        if moment > at.now:
            raise MarkError("时间在将来 / that lies in the future")
        try:
            after = rows.step(at.connection, fault, name, at=moment, by=by, why=why, now=at.now)
        except KeyError:
            raise MarkError(f"{fault}: 没有这张故障单 / no such ticket") from None
        except ValueError as error:
            raise MarkError(f"{fault}: {error}") from error
    click.echo("\n".join(_lines(after, at.now, lang)))


def _lines(fault: Fault, now: float, lang: Lang) -> Iterator[str]:
    opened = local_time(fault.opened_at, "%m-%d %H:%M")
    yield f"{fault.id:>6}  {opened} {fault.outlet} {fault.device} {fault.text}"
    for one in clocks(fault):
        words = {
            "step": pick(_STEPS[one.step], lang),
            "due": local_time(one.due_at, "%m-%d %H:%M"),
            "left": f"{abs(one.due_at - now) / 3600:.1f} h",
            "at": local_time(one.done_at, "%m-%d %H:%M"),
            "late": pick(_LATE, lang) if one.late(now) else "",
        }
        form = _DONE if one.done_at is not None else _OVER if one.late(now) else _DUE
        yield f"        {pick(form, lang).format(**words)}"


def _json(fault: Fault, now: float) -> str:
    told = [
        {"step": one.step, "due_at": one.due_at, "done_at": one.done_at, "late": one.late(now)}
        for one in clocks(fault)
    ]
    return json.dumps({**dataclasses.asdict(fault), "clocks": told}, ensure_ascii=False)
