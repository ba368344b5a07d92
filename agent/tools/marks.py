"""`paikou marks SITE list|propose|confirm|refuse|entered|export`: marks by a person's hand."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from agent import marking
from agent.desk import MarkError
from agent.errors import Lang
from agent.marks import Name, Record, shown
from agent.model import MarkKind, MarkState
from agent.store import marks as rows
from agent.tools.hand import Instant, attachment, desk, signed, site_group, span_options
from agent.tools.mark_lines import FIELDS, fields, json_line, line
from agent.tools.words import JSON_LINES, lang_option, pick

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY_S = 86_400
_NONE = ("没有标记", "no marks")
_SAME = ("已有同一标记，未改动", "this very mark is there already; nothing changed")
_AGAINST = ("与实测矛盾，未确认；仍要确认请加 --despite：",
            "contradicted by what was measured, not confirmed; --despite to confirm:")  # fmt: skip


marks = site_group(
    "marks", "标记：自动、建议、确认、否决 / marks: automatic, proposed, confirmed, refused."
)


@marks.command("list")
@click.pass_obj
@span_options(needed=False)
@click.option("--outlet", help="排放口 / outlet; 不写即全部.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="也列出被人工标记覆盖的、已否决的 / covered and refused ones too.",
)
@JSON_LINES
@lang_option
def list_(
    site: Path,
    since: float | None,
    until: float | None,
    outlet: str | None,
    *,
    everything: bool,
    as_json: bool,
    lang: Lang,
) -> None:
    """列出标记，默认最近七天 / list marks; the last seven days by default."""
    with desk(site, write=False) as at:
        if outlet is not None:
            at.settings(outlet)
        end = int(until if until is not None else at.now)
        start = int(since if since is not None else end - 7 * _DAY_S)
        kept = [
            one
            for name in at.plan.outlets
            if outlet in (None, name)
            for one in rows.listed(at.connection, name, start, end)
        ]
    if not everything:
        visible = {one.ref for one in shown([one.record for one in kept])}
        kept = [
            one
            for one in kept
            if one.record.ref in visible and one.record.state is not MarkState.REFUSED
        ]
    for one in kept:
        click.echo(json_line(one) if as_json else line(one, lang))
    if not kept and not as_json:
        click.echo(pick(_NONE, lang))


@marks.command("propose")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@span_options(needed=True)
@click.option("--code", help="名称，如 校准、停运；不写即由证据建议 / by evidence when absent.")
@click.option("--kind", type=click.Choice([one.value for one in MarkKind]), help="类别 / family.")
@click.option("--factor", "factors", multiple=True, help="因子，可多个；不写即全部 / factor.")
@click.option("--facility", default="", help="炉、窑、机组编号 / furnace, kiln, unit.")
@click.option("--proof", type=_FILE, help="附件 / attachment.")
@signed
@lang_option
def propose(
    site: Path,
    outlet: str,
    since: float,
    until: float,
    code: str | None,
    kind: str | None,
    factors: tuple[str, ...],
    facility: str,
    proof: Path | None,
    *,
    by: str,
    why: str,
    lang: Lang,
) -> None:
    """建议标记；--to 为最后一个标记分钟 / propose; --to is the last marked minute."""
    start, end = int(since) // 60 * 60, int(until) // 60 * 60 + 60
    with desk(site, write=True) as at:
        if code is None:
            made = marking.propose_from_evidence(at, outlet, start, end, by=by, why=why)
        else:
            record = Record(
                outlet,
                factors,
                _family(at.industry(outlet).names, code, kind),
                code,
                start,
                end,
                facility=facility,
                reason=why,
                proof=attachment(proof),
            )
            kept = marking.propose(at, record, by=by, why=why)
            made = [] if kept is None else [kept]
    for one in made:
        click.echo(line(one, lang))
    if not made:
        click.echo(pick(_SAME if code else _NONE, lang))


@marks.command("confirm")
@click.pass_obj
@click.argument("mark", type=int)
@click.option("--proof", type=_FILE, help="附件 / attachment.")
@click.option("--despite", is_flag=True, help="与实测矛盾也确认 / despite contradictions.")
@signed
@lang_option
def confirm(
    site: Path, mark: int, proof: Path | None, *, despite: bool, by: str, why: str, lang: Lang
) -> None:
    """确认标记，随即生效 / confirm a mark; it takes effect at once."""
    try:
        with desk(site, write=True) as at:
            kept = marking.confirm(
                at, mark, by=by, why=why, proof=attachment(proof), despite=despite
            )
    except marking.Contradicted as error:
        with desk(site, write=True) as at:
            marking.note_contradiction(at, mark, error, by=by)
        click.echo(pick(_AGAINST, lang), err=True)
        for one in error.objections:
            click.echo(f"  {one.rule}: {one.text}", err=True)
        sys.exit(error.exit_code)
    click.echo(line(kept, lang))


@marks.command("refuse")
@click.pass_obj
@click.argument("mark", type=int)
@signed
@lang_option
def refuse(site: Path, mark: int, *, by: str, why: str, lang: Lang) -> None:
    """否决建议，或撤回已确认的标记 / refuse a proposal, take a confirmed mark back."""
    with desk(site, write=True) as at:
        kept = marking.refuse(at, mark, by=by, why=why)
    click.echo(line(kept, lang))


@marks.command("entered")
@click.pass_obj
@click.argument("mark", type=int)
@click.option("--by", required=True, help="经办人 / who.")
@lang_option
def entered(site: Path, mark: int, *, by: str, lang: Lang) -> None:
    """勾选：已在平台填报 / tick: entered on the platform."""
    with desk(site, write=True) as at:
        try:
            kept = rows.enter(at.connection, mark, by=by, now=at.now)
        except KeyError:
            raise MarkError(f"{mark}: 没有这条标记 / no such mark") from None
    click.echo(line(kept, lang))


@marks.command("export")
@click.pass_obj
@click.option("--from", "since", type=Instant(), required=True, help="起 / from.")
@click.option("--to", "until", type=Instant(), required=True, help="止 / to.")
def export(site: Path, since: float, until: float) -> None:
    """已确认标记，按平台字段的 CSV / confirmed marks in the platform's fields, as CSV."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(FIELDS)
    with desk(site, write=False) as at:
        for outlet in at.plan.outlets:
            for one in rows.listed(at.connection, outlet, int(since), int(until)):
                record = one.record
                wanted = record.state is MarkState.CONFIRMED
                if wanted and record.kind is not MarkKind.EXEMPTION:
                    writer.writerow(fields(one))


def _family(names: Iterable[Name], code: str, kind: str | None) -> MarkKind:
    """Give the family a name belongs to; the caller says it where two have that name."""
    if kind is not None:
        return MarkKind(kind)
    found = {one.kind for one in names if one.code == code}
    if len(found) != 1:
        both = "/".join(sorted(found)) or "—"
        raise MarkError(f"{code}: --kind? {both}")
    return MarkKind(found.pop())
