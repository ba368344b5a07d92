"""`paikou simulate SITE`: play every instrument of a site file until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from pathlib import Path
from typing import Any

import click

from agent.clock import Clock, Pace
from agent.settings import load_site
from agent.tools.simulate.control import HOST, Control
from agent.tools.simulate.dayue import Habits
from agent.tools.simulate.simulation import Simulation
from agent.tools.simulate.stage import Play

_POSITIVE = click.FloatRange(min=0, min_open=True)


def _pace(_: click.Context, __: click.Parameter, text: str | None) -> Pace | None:
    try:
        return Pace.parse(text) if text else None
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


@click.command("simulate")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--speed", type=_POSITIVE, default=1.0, help="时钟加速倍数 / run the clock so many times faster"
)
@click.option(
    "--pace",
    callback=_pace,
    metavar="EPOCH,ORIGIN,SPEED",
    help="与另一进程同一时钟 / somebody else's clock",
)
@click.option(
    "--cycle-s", type=_POSITIVE, help="批次分析仪的周期（秒）/ cycle of batch analyzers, in s"
)
@click.option(
    "--row-s",
    type=_POSITIVE,
    default=60.0,
    help="录制数据每行多少秒 / seconds per row of a recording",
)
@click.option(
    "--fill-s",
    type=_POSITIVE,
    default=8.0,
    help="采样器装一瓶要多久（秒）/ how long a bottle takes",
)
@click.option(
    "--line-time", is_flag=True, help="字节按波特率占用时间 / bytes take their time at the baud"
)
@click.option(
    "--as-recorded", is_flag=True, help="照录制值播放，不压在限值以下 / values may exceed limits"
)
@click.option(
    "--control",
    type=click.IntRange(0, 65535),
    help="在此端口接收指令，0 为任意 / take orders on this port",
)
@click.option(
    "--json", "as_json", is_flag=True, help="以一行 JSON 说明所模拟的内容 / what is played, as JSON"
)
def simulate_command(site: Path, **options: Any) -> None:
    """按仪器配置模拟站点的全部仪器 / play every instrument of a site file, on its own line."""
    pace = options["pace"] or _own_pace(options["speed"])
    play = Play(
        cycle_s=options["cycle_s"],
        row_s=options["row_s"],
        as_recorded=options["as_recorded"],
        line_time=options["line_time"],
        sampler=Habits(fill_s=options["fill_s"]),
    )
    settings, _ = load_site(site)
    simulation = Simulation(settings, Clock(pace), play)
    asyncio.run(_play(simulation, port=options["control"], as_json=options["as_json"]))


def _own_pace(speed: float) -> Pace | None:
    if speed == 1.0:
        return None
    real = Clock()
    return Pace(real.now(), real.monotonic(), speed)


async def _play(simulation: Simulation, *, port: int | None, as_json: bool) -> None:
    """Play until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(simulation)
        control = None
        if port is not None:
            control = await stack.enter_async_context(Control(simulation.obey, port))
        _tell(simulation, control, as_json=as_json)
        await stop.wait()


def _tell(simulation: Simulation, control: Control | None, *, as_json: bool) -> None:
    bill = simulation.playbill()
    where = f"{HOST}:{control.port}" if control else None
    if as_json:
        click.echo(json.dumps({"plays": bill, "control": where}, ensure_ascii=False))
        return
    for entry in bill:
        what = ", ".join(f"{point} ({source})" for point, source in entry["plays"].items())
        if entry["unplayed"]:
            what = f"不模拟 / not played: no player for {entry['unplayed']}"
        cycle = f", every {entry['cycle_s']:g} s" if entry["cycle_s"] else ""
        click.echo(f"{entry['where']}  unit {entry['address']}  {entry['device']}  "
                   f"{entry['profile']}  {what}{cycle}")  # fmt: skip
    if where:
        click.echo(f"control: {where}")
    click.echo("Ctrl-C 结束 / ends it")
