"""`paikou maintain SITE OUTLET[/FACTOR…]`: the maintenance switch (维护/停产)."""

from __future__ import annotations

import re
from pathlib import Path

import click

from agent.errors import Lang
from agent.maintaining import DEFAULT_S, KINDS, maintain
from agent.tools.acts import do, finish
from agent.tools.hand import SITE
from agent.tools.moments import Span
from agent.tools.words import JSON, cause, lang_option, local_time, pick

_ON = (
    "{place}：{kind}，到 {until} 自动结束；数值照常保存和上传，标记为{kind}",
    "{place}: {kind} until {until}, then it ends by itself; values go on, marked as {kind}",
)
_OFF = ("{place}：已结束（{count} 项）", "{place}: ended ({count})")


@click.command("maintain")
@SITE
@click.argument("place", metavar="OUTLET[/FACTOR…]")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="maintenance",
    show_default=True,
    help="种类 / kind.",
)
@click.option("--by", required=True, help="经办人 / who.")
@click.option("--why", default="", help="原因；--end 时可不写 / why.")
@click.option("--for", "for_s", type=Span(), default=DEFAULT_S, help="多久，默认 2h / how long.")
@click.option("--end", is_flag=True, help="结束维护 / turn it off.")
@JSON
@lang_option
def command(
    site: Path,
    place: str,
    kind: str,
    by: str,
    why: str,
    for_s: float,
    end: bool,
    as_json: bool,
    lang: Lang,
) -> None:
    """排放口或其若干因子的维护开关，到时自动结束 / the maintenance switch; it ends by itself."""
    outlet, *factors = [part for part in re.split(r"[/,]", place) if part] or [""]
    question = {
        "ask": "maintain",
        "outlet": outlet,
        "factors": factors,
        "kind": kind,
        "who": by,
        "why": why,
        "for_s": for_s,
        "end": end,
    }
    done = do(site, question, maintain)
    text = ""
    if "until" in done:
        until = local_time(done["until"], "%m-%d %H:%M")
        text = pick(_ON, lang).format(place=place, kind=cause(kind, lang), until=until)
    elif "ended" in done:
        text = pick(_OFF, lang).format(place=place, count=len(done["ended"]))
    finish(done, text, as_json=as_json, lang=lang)
