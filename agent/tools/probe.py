"""`paikou probe SITE [DEVICE]`: ask the instruments once and show everything that was said.

Beside a running daemon the question becomes an order to it: two processes on one line would mix up
their answers. Without one the line is opened here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click

from agent.clock import Clock
from agent.errors import Lang
from agent.local import ask
from agent.lock import held
from agent.orders import PROBE_TIMEOUT_S
from agent.probing import probe_facts
from agent.settings import Site, load_site
from agent.settings.storage import socket_paths, state_directory
from agent.tools.loop_check import Checked, check_loop, shown
from agent.tools.probe_advice import advice
from agent.tools.probe_frames import probed_transcript, raw, recorded_command, write_new
from agent.tools.probe_scan import scan_command
from agent.tools.words import cause, lang_option, local_time, pick
from drivers.bus import Bus
from drivers.probe import probe_device
from drivers.profile import Profile, load_profile
from drivers.profile_model import Table
from drivers.settings import DeviceSettings

Facts = Mapping[str, Any]
TABLES = frozenset(get_args(Table))

_WORDS: Mapping[str, tuple[str, str]] = {
    "ok": ("正常", "ok"),
    "not_ok": ("▲ 异常", "▲ not ok"),
    "head": (
        "{device}：{verdict}  {profile}，{bus} 地址 {address}，{taken_ms:.0f} ms，由 {by} 询问",
        "{device}: {verdict}  {profile} at {bus} unit {address}, {taken_ms:.0f} ms, asked by {by}",
    ),
    "daemon": ("守护进程", "the daemon"),
    "probe": ("本命令", "this command"),
    "state": ("  状态：{cause} {text}", "  state: {cause} {text}"),
    "result": ("结果时间 {at}", "result of {at}"),
    "next": ("  下一步：{advice}", "  next: {advice}"),
}


@click.command("probe")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("device", required=False)
@click.option(
    "--scan", "bus", metavar="BUS", help="改为查找线上的地址 / look for units on a line instead"
)
@click.option(
    "--units", default="1-32", show_default=True, help="查找哪些地址 / addresses to look at"
)
@click.option(
    "--baud",
    "bauds",
    metavar="LIST",
    help="--scan 时试哪些波特率，逗号分隔或 all / baud rates to try, or all",
)
@click.option(
    "--parity",
    "parities",
    metavar="LIST",
    help="--scan 时试哪些校验，逗号分隔或 all / parities to try, or all",
)
@click.option("--raw", "as_raw", is_flag=True, help="只显示原始报文 / the frames and nothing else")
@click.option(
    "--watch", is_flag=True, help="按周期反复询问，Ctrl-C 结束 / ask every period until Ctrl-C"
)
@click.option(
    "--recorded", is_flag=True, help="显示该仪器所在线路的录波 / the recording of DEVICE's line"
)
@click.option(
    "--transcript",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="写成新仪器配置的测试 / write the frames as the test of a new profile",
)
@click.option(
    "--loop",
    "point",
    metavar="POINT",
    help="校核 4-20 mA 输入：输入电流并比较 / check a 4-20 mA input: feed, compare",
)
@click.option(
    "--feed", default="4,12,20", show_default=True, help="输入的电流，mA / currents to feed, in mA"
)
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象 / one JSON object a line")
@lang_option
def probe(
    site: Path,
    device: str | None,
    bus: str | None,
    units: str,
    bauds: str | None,
    parities: str | None,
    point: str | None,
    feed: str,
    as_raw: bool,
    watch: bool,
    recorded: bool,
    file: Path | None,
    as_json: bool,
    lang: Lang,
) -> None:
    """询问一台或全部仪器一次 / ask one instrument, or all, once.

    Shows bytes, registers, values, state and the time taken.
    """
    settings, _ = load_site(site, lang=lang)
    if bus is not None:
        scan_command(settings, bus, units, (bauds, parities), as_json=as_json, lang=lang)
        return
    if bauds is not None or parities is not None:
        raise click.UsageError(
            "--baud、--parity 要与 --scan 同用 / --baud and --parity go with --scan"
        )
    known = [one.id for one in (*settings.devices, *settings.samplers)]
    if device is not None and device not in known:
        raise click.BadParameter(
            f"没有这台仪器 / no device {device!r} in {site}; there are: {', '.join(known)}"
        )
    if point is not None:
        _loop_command(settings, device, point, feed, as_json=as_json, lang=lang)
        return
    if recorded:
        recorded_command(settings, device, file)
        return
    if file is not None and (device is None or watch):
        raise click.UsageError("--transcript 要写明一台仪器 / --transcript wants the DEVICE, once")
    wanted = [device] if device is not None else known
    with contextlib.suppress(KeyboardInterrupt) if watch else contextlib.nullcontext():
        _probe(settings, wanted, watch, file, as_raw=as_raw, as_json=as_json, lang=lang)


def _probe(
    settings: Site,
    wanted: list[str],
    watch: bool,
    file: Path | None,
    *,
    as_raw: bool,
    as_json: bool,
    lang: Lang,
) -> None:
    """Ask once, or again and again; exit 1 when one of them is not well."""
    while True:
        failed = 0
        for facts in asyncio.run(_ask_all(settings, wanted)):
            failed += bool(facts.get("error")) or not facts.get("ok", True)
            if as_json:
                click.echo(json.dumps(facts, ensure_ascii=False))
            else:
                click.echo("\n".join(raw(facts) if as_raw else _lines(facts, lang)))
            if file is not None and "frames" in facts:
                write_new(file, probed_transcript(settings, facts))
        if not watch:
            break
        time.sleep(min(settings.device(one).period_s for one in wanted))
    sys.exit(1 if failed else 0)


def _loop_command(
    site: Site, device: str | None, point: str, feed: str, *, as_json: bool, lang: Lang
) -> None:
    """Check one analogue input against a calibrator; exit 1 when a current could not be read."""
    if device is None:
        raise click.UsageError("--loop 要写明仪器 / --loop wants the DEVICE")
    profile = load_profile(site.device(device).profile, site.profile_directories)
    known = [one.id for one in (*profile.points, *profile.values)]
    if point not in known:
        raise click.BadParameter(
            f"没有这个测点 / no point {point!r} of {device}; there are: {', '.join(known)}"
        )
    try:
        currents = [float(part) for part in feed.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"--feed {feed!r}：应为电流 / currents as 4,12,20 expected"
        ) from None

    def read() -> Facts:
        return asyncio.run(_ask_all(site, [device]))[0]

    found: list[Checked] = []
    for one in check_loop(site, device, point, currents, read=read, lang=lang):
        found.append(one)
        click.echo(shown(one, as_json=as_json, lang=lang))
    sys.exit(0 if found and all(one.read is not None for one in found) else 1)


async def _ask_all(site: Site, devices: list[str]) -> list[Facts]:
    if held(state_directory(site)):
        return [await _ask_daemon(site, device) for device in devices]
    found: list[Facts] = []
    for device in devices:
        settings = site.device(device)
        async with Bus(site.bus(settings.bus)) as bus:
            profile = load_profile(settings.profile, site.profile_directories)
            found.append(await _ask_here(settings, profile, bus))
    return found


async def _ask_daemon(site: Site, device: str) -> Facts:
    question = {"ask": "probe", "device": device}
    try:
        answer = await ask(socket_paths(site), question, timeout_s=PROBE_TIMEOUT_S + 5)
    except TimeoutError:
        answer = None
    if answer is None:
        return {"device": device, "error": "a daemon runs on this store but does not answer"}
    return {"device": device, **answer, "asked_by": "daemon"}


async def _ask_here(settings: DeviceSettings, profile: Profile, bus: Bus) -> Facts:
    found = await probe_device(settings, profile, bus=bus, clock=Clock())
    return {**probe_facts(found), "asked_by": "probe"}


def _say(word: str, lang: Lang, **values: Any) -> str:
    return pick(_WORDS[word], lang).format(**values)


def _lines(facts: Facts, lang: Lang) -> Iterator[str]:
    """Give what was found as text."""
    if "profile" not in facts:
        yield f"{facts['device']}: {facts['error']}"
        return
    verdict = _say("ok" if facts["ok"] else "not_ok", lang)
    by = _say(facts["asked_by"], lang)
    yield _say("head", lang, **facts, verdict=verdict, by=by)
    for direction, data in facts["frames"]:
        yield f"  {direction} {data}"
    for span in facts["spans"]:
        yield from _span(span)
    if facts["state"] or facts["cause"]:
        yield _say("state", lang, cause=cause(facts["cause"], lang), text=facts["state"]).rstrip()
    for reading in facts["readings"]:
        value = "—" if reading["value"] is None else f"{reading['value']:g} {reading['unit']}"
        why = f"  ({reading['reason']})" if reading["reason"] else ""
        at = local_time(reading["measured_at"])
        of = f"  {_say('result', lang, at=at)}" if at else ""
        yield f"  {reading['point']:<16} {value:<20} {cause(reading['cause'], lang)}{of}{why}"
    if facts["error"]:
        yield f"  {facts['error']}"
    if following := advice((span["error"] for span in facts["spans"]), lang):
        yield _say("next", lang, advice=following)


def _span(span: Facts) -> Iterator[str]:
    """Give registers, or what went wrong; answers of other protocols are shown as frames."""
    words = " ".join(f"{word:04X}" for word in span["registers"])
    if span["table"] not in TABLES:
        if span["error"]:
            yield f"  {span['table']}: {span['error']}"
        return
    where = f"{span['table']} {span['start']}..{span['start'] + span['count'] - 1}"
    yield f"  {where}: {words or span['error']}"
