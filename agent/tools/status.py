"""`paikou status [SITE]`: what the running daemon says of itself."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click

from agent.errors import Lang
from agent.local import ask
from agent.settings import load_site
from agent.settings.storage import SYSTEM_SOCKET, socket_paths
from agent.tools.status_lines import lines
from agent.tools.status_words import say
from agent.tools.words import JSON, lang_option

SITE = Path("/etc/paikou/site.yaml")


@click.command("status")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False), required=False)
@JSON
@click.option("--metrics", is_flag=True, help="Prometheus 格式的计数 / counters for Prometheus.")
@lang_option
def status(site: Path | None, as_json: bool, metrics: bool, lang: Lang) -> None:
    """守护进程的现状；没有运行则退出码 1 / what the daemon says of itself; 1 when none runs."""
    paths: tuple[Path, ...] = (SYSTEM_SOCKET,)
    if site is not None or SITE.exists():
        paths = socket_paths(load_site(site or SITE)[0])
    question = {"ask": "metrics" if metrics else "status"}
    try:
        answer = asyncio.run(ask(paths, question))
    except TimeoutError:
        click.echo(say("mute", lang), err=True)
        sys.exit(1)
    if answer is None:
        click.echo(say("none", lang, places=", ".join(str(path) for path in paths)), err=True)
        sys.exit(1)
    if metrics:
        click.echo(answer["text"], nl=False)
    elif as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for line in lines(answer, lang):
            click.echo(line)
