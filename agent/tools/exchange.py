"""`paikou exchange SITE DEVICE`: an instrument was exchanged, or its standby stands in."""

from __future__ import annotations

from pathlib import Path

import click

from agent.errors import Lang
from agent.exchanging import exchange
from agent.tools.acts import do, finish
from agent.tools.hand import SITE, signed
from agent.tools.words import JSON, lang_option, local_time, pick

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
@click.option("--serial", default="", help="现装仪器的序列号 / its serial number.")
@click.option("--standby", default="", metavar="DEVICE", help="投用这台备机 / what stands in.")
@click.option("--main", is_flag=True, help="主机恢复 / the main one again.")
@signed
@JSON
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
    """登记换表，或主备切换 / an instrument was exchanged, or its standby stands in."""
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
