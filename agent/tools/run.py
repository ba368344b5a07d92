"""`paikou run SITE`: the daemon in the foreground, as systemd wants it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from agent import app
from agent.clock import Pace

QUIET = ("pymodbus", "apscheduler", "asyncio")


@click.command()
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--pace", default="", hidden=True, help="EPOCH,ORIGIN,SPEED of a demo's clock")
@click.option("--debug", is_flag=True, help="记录全部日志 / log everything.")
def run(site: Path, pace: str, debug: bool) -> None:
    """守护进程：SIGTERM 结束，SIGHUP 重读配置 / the daemon; SIGHUP reads the file again."""
    logging.getLogger().setLevel(logging.DEBUG if debug else logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    asyncio.run(app.run(site, pace=Pace.parse(pace) if pace else None))
