"""`paikou demo`: set the stage, play the script, count, clear away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from agent.errors import Lang
from agent.tools.broker import Broker
from agent.tools.demo.cast import HURRY_S, STOP_S, Cast
from agent.tools.demo.script import Scene, Script, Show, checked
from agent.tools.demo.show import Screen, summary_lines
from agent.tools.demo.stage import Stage, set_up
from agent.tools.demo.tally import tally
from agent.tools.words import lang_option

SHORTEST_S = 40.0
"""A demo of that length or more shows all there is."""


@click.command("demo")
@click.option(
    "--seconds",
    type=click.FloatRange(5, 3600),
    default=90.0,
    show_default=True,
    help="演示多少秒，40 秒起为全过程 / how long; from 40 s on it shows all there is.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 600),
    default=1.0,
    show_default=True,
    help="时钟加快多少倍，可看到小时和日 / the clock so many times faster.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="保留全部文件；唯一的 *.zip 是超标证据包 / leave all files there.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="只输出总结，JSON / only the summary, as JSON."
)
@lang_option
def demo(seconds: float, speed: float, keep: Path | None, as_json: bool, lang: Lang) -> None:
    """演示全过程：仪器、数采、平台、一次超标、一次断网 / the whole job, with nothing to install."""
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise click.UsageError(
            f"--keep {keep}：要空的或新的文件夹 / an empty or new folder is needed"
        )
    with contextlib.ExitStack() as stack:
        if keep is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paikou-"))
            work_dir = Path(folder)
        else:
            keep.mkdir(parents=True, exist_ok=True)
            work_dir = keep.resolve()
        show = _silent if as_json else Screen(lang)
        summary = asyncio.run(_play(work_dir, seconds, speed=speed, show=show))
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))
    else:
        for line in summary_lines(summary, lang):
            click.echo(line)
    if summary["missing"] or summary["frames_rejected"] or summary["not_shown"]:
        sys.exit(1)


async def _play(work_dir: Path, seconds: float, *, speed: float, show: Show) -> dict[str, Any]:
    """Play the demo in a work folder; gives its summary. Ctrl-C ends it early and in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stage: Stage = set_up(work_dir, speed=speed)
    async with Broker(stage.broker_port, work_dir) as broker, Cast(stage) as cast:
        script = Script(stage, cast, broker, seconds, show, stop)
        await script.run()
        # the platform last: what the agent still hands over while it stops must arrive
        within_s = HURRY_S if stop.is_set() else STOP_S
        await asyncio.gather(cast.agent.stop(within_s), cast.camera.stop(within_s))
        await cast.stop(within_s)
    summary = tally(stage, readings=script.scene.readings, outage=script.outage)
    summary |= {"camera": bool(stage.camera), "evidence": checked(cast.platform.log)}
    whole_play = seconds >= SHORTEST_S and not stop.is_set()
    return summary | {"not_shown": not_shown(summary) if whole_play else []}


def not_shown(summary: Mapping[str, Any]) -> list[str]:
    """Name what a demo of full length has to show and this one has not."""
    shown = {
        "bottle": bool(summary["retained"]),
        "bundle": any(one["whole"] for one in summary["evidence"])
        and all(one["whole"] for one in summary["evidence"]),
    }
    return [what for what, was in shown.items() if not was]


def _silent(_: Scene) -> None:
    """Show nothing."""
