"""`paikou score SITE`: the health statement of each outlet, with every deduction and its events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from agent.errors import Lang
from agent.scoring import detail
from agent.tools.hand import SITE, desk
from agent.tools.score_words import kind_words, label_words
from agent.tools.words import JSON_LINES, lang_option, local_time, pick

_HEAD = (
    "{outlet}  {points:g} 分（{since} 起，{count} 项扣分）{labels}",
    "{outlet}  {points:g} points (since {since}, {count} deductions){labels}",
)
_LINE = (
    "  −{points:g}  {at}  {kind}  {text}  事件 {events}（{source}）",
    "  -{points:g}  {at}  {kind}  {text}  events {events} ({source})",
)
_MORE = ("  另有更早的 {count} 项", "  and {count} earlier ones")
_NONE = ("没有这个排放口：{outlet}", "no such outlet: {outlet}")


@click.command("score")
@SITE
@click.option("--outlet", help="只看这个排放口 / only this outlet.")
@JSON_LINES
@lang_option
def command(site: Path, outlet: str | None, as_json: bool, lang: Lang) -> None:
    """健康声明：100 分起，逐项扣分，滚动 12 个月 / 100 points less deductions of 12 months."""
    with desk(site, write=False) as at:
        if outlet is not None and outlet not in at.plan.outlets:
            raise click.UsageError(pick(_NONE, lang).format(outlet=outlet))
        wanted = list(at.plan.outlets) if outlet is None else [outlet]
        found = {one: detail(at.connection, one, at.now) for one in wanted}
    for name, stands in found.items():
        if as_json:
            click.echo(json.dumps({"outlet": name, **stands}, ensure_ascii=False))
        else:
            click.echo("\n".join(_lines(name, stands, lang)))


def _lines(outlet: str, stands: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    yield pick(_HEAD, lang).format(
        outlet=outlet,
        points=stands["points"],
        since=local_time(stands["since"], "%Y-%m-%d"),
        count=stands["count"],
        labels=label_words(stands, lang),
    )
    for one in stands["deductions"]:
        yield pick(_LINE, lang).format(
            points=one["points"],
            at=local_time(one["at"], "%Y-%m-%d %H:%M"),
            kind=kind_words(one["kind"], lang),
            text=one["text"] or "—",
            events=", ".join(map(str, one["events"])),
            source=one["source"],
        )
    more = stands["count"] - len(stands["deductions"])
    if more:
        yield pick(_MORE, lang).format(count=more)
