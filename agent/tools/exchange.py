"""`paikou exchange SITE DEVICE`: an instrument was exchanged, or its standby stands in."""

from __future__ import annotations

from pathlib import Path

import click

from agent.errors import Lang
from agent.exchanging import exchange
from agent.tools.acts import do, finish
from agent.tools.hand import SITE
from agent.tools.words import lang_option, local_time, pick

_WORDS = {
    "exchange": (
        "{device}：换为 {serial}（原 {before}），自 {at} 起",
        "{device}: now {serial} (was {before}), since {at}",
    ),
    "standby": (
        "{device}：由备机 {other} 代替，自 {at} 起",
        "{device}: {other} stands in since {at}",
    ),
    "main": ("{device}：恢复主机，自 {at} 起", "{device}: main again since {at}"),
}


@click.command("exchange")
@SITE
@click.argument("device")
@click.option("--serial", default="", help="Serial number of the instrument that stands there now.")
@click.option("--standby", default="", metavar="DEVICE", help="The device that stands in.")
@click.option("--main", is_flag=True, help="The main instrument works again.")
@click.option("--by", required=True, help="Who does it.")
@click.option("--why", required=True, help="Reason.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@lang_option
def command(
    site: Path,
    device: str,
    serial: str,
    standby: str,
    main: bool,
    by: str,
    why: str,
    as_json: bool,
    lang: Lang,
) -> None:
    """Record that an instrument was exchanged, or that main and standby were switched."""
    question = {
        "ask": "exchange",
        "device": device,
        "serial": serial,
        "standby": standby,
        "main": main,
        "who": by,
        "why": why,
    }
    done = do(site, question, exchange)
    text = ""
    if "act" in done:
        said = {**done, "at": local_time(done["at"]), "before": done["before"] or "—"}
        text = pick(_WORDS[done["act"]], lang).format(**said)
    finish(done, text, as_json=as_json, lang=lang)
