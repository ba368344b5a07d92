"""`paikou status [SITE]`: what the running daemon says of itself."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from agent.errors import Lang
from agent.local import ask
from agent.settings import load_site
from agent.settings.storage import SYSTEM_SOCKET, socket_paths
from agent.tools.control import WHY
from agent.tools.score_words import label_words
from agent.tools.words import (
    GAP_KINDS,
    GAP_STATES,
    cause,
    event_kind,
    factor_name,
    lang_option,
    local_time,
    pad,
    pick,
)

SITE = Path("/etc/paikou/site.yaml")

_WORDS: Mapping[str, tuple[str, str]] = {
    "mute": ("守护进程在运行但没有应答", "the daemon runs but does not answer"),
    "none": (
        "没有在运行的守护进程（找过 {places}）；启动：paikou run SITE",
        "no daemon listens at {places}; start one with: paikou run SITE",
    ),
    "head": ("{unit}  自 {since} 运行", "{unit}  since {since}"),
    "trusted": ("时钟  {now} 可信", "clock  {now}, trusted"),
    "untrusted": (
        "时钟  {now} 不可信，暂不结算、不上传",
        "clock  {now}, NOT TRUSTED: nothing is closed or uploaded",
    ),
    "disk": (
        "磁盘  数据库 {store_mb} MB，剩余 {free_mb} MB，写满 {times_full} 次",
        "disk   store {store_mb} MB, {free_mb} MB free, full {times_full} times",
    ),
    "device": ("仪器  {id} {state}", "device {id} {state}"),
    "line": (
        "线路  {id} 询问 {asked}，有应答 {share}；无应答 {no_answer}，坏应答 {bad_answer}{told}，"
        "断线 {no_line}，重试 {retried}{took}",
        "line   {id} asked {asked}, answered {share}; silent {no_answer}, bad {bad_answer}{told}, "
        "no line {no_line}, retried {retried}{took}",
    ),
    "unit": (
        "        {id} 询问 {asked}，有应答 {share}；无应答 {no_answer}，坏应答 {bad_answer}{told}，"
        "拒绝 {refused}，重试 {retried}{took}",
        "        {id} asked {asked}, answered {share}; silent {no_answer}, bad {bad_answer}{told}, "
        "refused {refused}, retried {retried}{took}",
    ),
    "took": ("；平均 {mean} ms，最慢 {slowest} ms", "; {mean} ms on average, {slowest} ms at most"),
    "ok": ("正常", "ok"),
    "silent": (
        "▲ 无有效数据：{cause}；最近一次有效 {last}",
        "▲ no value: {cause}; last good {last}",
    ),
    "never": ("从未", "never"),
    "linked": ("✓ 在线 {address}，积压 {outbox}", "✓ linked to {address}, owes {outbox}"),
    "unlinked": ("■ 离线：{error}，积压 {outbox}", "■ not linked: {error}; owes {outbox}"),
    "unconfirmed": ("，平台不应答 9014", ", the platform answers no 9014"),
    "link": (
        "        在线率 {online}，掉线 {drops} 次{back}；送达 {success}，{month} 上行 {up} kB 下行 "
        "{down} kB",
        "        online {online}, {drops} drops{back}; delivered {success}, {month}: {up} kB up, "
        "{down} kB down",
    ),
    "back": ("（最近恢复用 {last:.0f} 秒）", " (last back after {last:.0f} s)"),
    "gaps": (
        "        近 31 天{kind}未送达 {total}：{states}",
        "        {kind} of 31 days not delivered, {total}: {states}",
    ),
    "set": (
        "        平台设置 {name} = {value}（站点文件 {file}），{at}",
        "        set by the platform: {name} = {value} (the file says {file}), {at}",
    ),
    "station": ("站点  {id} {link}", "station {id} {link}"),
    "score": ("健康  {outlet} {points:g} 分，{count} 项扣分{labels}", "score  {outlet} {points:g} "
              "points, {count} deductions{labels}"),
    "action": ("指令  {id} {kind} {device}：{state} {outcome}", "action {id} {kind} {device}: "
               "{state} {outcome}"),
    "event": ("事件  {at} {kind} {outlet} {factor} {lasts}", "event  {at} {kind} {outlet} "
              "{factor} {lasts}"),
    "alarm": (
        "{sign} 报警 {id}  {at} {kind} {outlet} {factor}{times}，未确认（paikou alarms）",
        "{sign} alarm {id}  {at} {kind} {outlet} {factor}{times}, not acknowledged (paikou alarms)",
    ),
    "control": ("◆ {outlet} {factor} {why}，自 {since}", "◆ {outlet} {factor} {why} since {since}"),
    "switch": ("◆ {place}  {kind}，到 {until}；{who}：{why}", "◆ {place}  {kind} until {until}; "
               "{who}: {why}"),
    "supervision": ("▲ 督办 {number} {outlet} 待答复，期限 {due}（paikou orders SITE show {id}）",
                    "▲ supervision {number} {outlet} waits for an answer until {due} "
                    "(paikou orders SITE show {id})"),
    "input": ("开关  {id} {means} {on}", "input  {id} {means} {on}"),
    "yes": ("是", "on"),
    "no": ("否", "off"),
    "unknown": ("未知", "not known"),
    "stand_in": ("        由备机 {stand_in} 代替", "        {stand_in} stands in"),
    "lasts": ("（持续）", "(lasts)"),
    "camera": (
        "摄像头 {id} {sight}，可回看 {reach_s:.0f} 秒{reason}",
        "camera {id} {sight}, {reach_s:.0f} s to look back{reason}",
    ),
    "frozen": ("■ 冻结 {begin} 至 {end}  {ref}：{why}", "■ frozen {begin} to {end}  {ref}: {why}"),
    "bundle": (
        "证据包 {ref} {station}：{state} {acked}/{of} {outcome}",
        "bundle {ref} {station}: {state} {acked}/{of} {outcome}",
    ),
}  # fmt: skip

_SIGHTS: Mapping[str | None, tuple[str, str]] = {
    "good": ("✓ 画面正常", "✓ good picture"),
    "offline": ("■ 离线", "■ offline"),
    "frozen": ("▲ 画面停滞", "▲ picture frozen"),
    "black": ("▲ 无光", "▲ black"),
    "covered": ("▲ 被遮挡", "▲ covered"),
    "moved": ("▲ 被移动", "▲ moved"),
    None: ("尚无画面", "no picture yet"),
}
_BUNDLES: Mapping[str, tuple[str, str]] = {
    "asked": ("待制作", "to be made"),
    "made": ("上传中", "on its way"),
    "sent": ("✓ 已上传", "✓ sent"),
    "failed": ("✗ 失败", "✗ failed"),
}
_STANDS = {True: "yes", False: "no", None: "unknown"}
_MEANS: Mapping[str, tuple[str, str]] = {
    "door": ("门开", "door open"),
    "power": ("市电有电", "mains"),
    "battery": ("电池电量低", "battery low"),
    "maintenance": ("维护钥匙", "maintenance key"),
    "stopped": ("停产钥匙", "stopped key"),
    "calibration": ("校准钥匙", "calibration key"),
    "pump": ("泵运行", "pump runs"),
    "valve": ("阀开", "valve open"),
    "run": ("运行信号", "run signal"),
    "trigger": ("留样触发", "bottle trigger"),
}


@click.command("status")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--metrics", is_flag=True, help="Counters in the Prometheus text format.")
@lang_option
def status(site: Path | None, as_json: bool, metrics: bool, lang: Lang) -> None:
    """Show what the running daemon says of itself. Exit 1 when none runs."""
    paths: tuple[Path, ...] = (SYSTEM_SOCKET,)
    if site is not None or SITE.exists():
        paths = socket_paths(load_site(site or SITE)[0])
    question = {"ask": "metrics" if metrics else "status"}
    try:
        answer = asyncio.run(ask(paths, question))
    except TimeoutError:
        click.echo(_say("mute", lang), err=True)
        sys.exit(1)
    if answer is None:
        click.echo(_say("none", lang, places=", ".join(str(path) for path in paths)), err=True)
        sys.exit(1)
    if metrics:
        click.echo(answer["text"], nl=False)
    elif as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for line in _lines(answer, lang):
            click.echo(line)


def _say(word: str, lang: Lang, **values: Any) -> str:
    return pick(_WORDS[word], lang).format(**values)


def _lines(answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    head = _say("head", lang, unit=answer["unit"]["name"], since=local_time(answer["since"]))
    yield f"paikou {answer['version']}  {head}"
    clock = "trusted" if answer["clock"]["trusted"] else "untrusted"
    yield _say(clock, lang, now=local_time(answer["now"]))
    yield _say("disk", lang, **answer["disk"])
    for one in answer.get("alarms", ()):
        said = {**one, "sign": "■" if one["level"] == "urgent" else "▲"}
        said["times"] = f" ×{one['times']}" if one["times"] > 1 else ""
        said["kind"] = event_kind(one["kind"], lang)
        yield _say("alarm", lang, **said, at=local_time(one["last_at"]))
    for one in answer.get("maintenance", ()):
        place = "/".join(filter(None, (one["outlet"], one["factor"])))
        said = {**one, "kind": cause(one["kind"], lang), "until": local_time(one["until"])}
        yield _say("switch", lang, **said, place=place)
    for one in answer.get("supervision", ()):
        yield _say("supervision", lang, **one, due=local_time(one["deadline_at"], "%m-%d %H:%M"))
    for one in answer.get("inputs", ()):
        means = pick(_MEANS.get(one["means"], (one["means"],) * 2), lang)
        said = {**one, "id": pad(one["id"], 12), "means": pad(means, 14)}
        yield _say("input", lang, **{**said, "on": _say(_STANDS[one["on"]], lang)})
    for one in answer.get("out_of_control", ()):
        said = {**one, "since": local_time(one["since"]), "why": pick(WHY[one["why"]], lang)}
        yield _say("control", lang, **{**said, "factor": factor_name(one["factor"], lang)})
    for device in answer["devices"]:
        yield from _device(device, lang)
    for line in answer.get("lines", ()):
        yield _exchanges("line", line, lang)
        for device, counts in line["devices"].items():
            if counts["answered"] != counts["asked"]:
                yield _exchanges("unit", {**counts, "id": device}, lang)
    yield from _evidence(answer, lang)
    for station in answer["stations"]:
        link = _say("linked" if station["linked"] else "unlinked", lang, **station)
        link += _say("unconfirmed", lang) if station["unconfirmed"] else ""
        yield _say("station", lang, id=pad(station["id"], 20), link=link)
        if "link" in station:
            yield _link(station["link"], lang)
        yield from _gaps(station.get("gaps", {}), lang)
        for one in station.get("set", ()):
            yield _say("set", lang, **one, at=local_time(one["set_at"]))
    for one in answer.get("scores", ()):
        yield _say("score", lang, **{**one, "labels": label_words(one, lang)})
    for one in answer["actions"]:
        yield _say("action", lang, **one)
    for one in answer["events"][:10]:
        lasts = "" if one["ended_at"] else _say("lasts", lang)
        yield _say("event", lang, **{**one, "at": local_time(one["at"]), "lasts": lasts})


def _exchanges(word: str, counts: Mapping[str, Any], lang: Lang) -> str:
    """Say what became of the questions on a line, or to one device of it."""
    asked, good = counts["asked"], counts["answered"] + counts["refused"]
    slow = counts["mean_ms"] is not None
    took = _say("took", lang, mean=counts["mean_ms"], slowest=counts["slowest_ms"]) if slow else ""
    faults = ", ".join(f"{name} {count}" for name, count in counts["faults"].items())
    return _say(
        word,
        lang,
        **{**counts, "id": pad(counts["id"], 12)},
        share=_share(good / asked if asked else None),
        told=f" ({faults})" if faults else "",
        took=took,
    )


def _evidence(answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """Say how the cameras do, what is frozen, and which bundles are on their way."""
    for one in answer.get("cameras", ()):
        sight = pick(_SIGHTS.get(one["sight"], (one["sight"],) * 2), lang)
        reason = f" ({one['reason']})" if one["reason"] else ""
        said = {**one, "id": pad(one["id"], 12), "sight": sight, "reason": reason}
        yield _say("camera", lang, **said)
    for one in answer.get("frozen", ()):
        until = local_time(one["end"]) or "…"
        yield _say("frozen", lang, **{**one, "begin": local_time(one["start"]), "end": until})
    for one in answer.get("bundles", ()):
        state = pick(_BUNDLES.get(one["state"], (one["state"],) * 2), lang)
        acked = max(0, one["acked"] - 1)
        yield _say("bundle", lang, **{**one, "state": state, "acked": acked, "of": one["parts"]})


def _link(counts: Mapping[str, Any], lang: Lang) -> str:
    last = counts["last_return_s"]
    return _say(
        "link",
        lang,
        online=_share(counts["online_rate"]),
        drops=counts["drops"],
        back="" if last is None else _say("back", lang, last=last),
        success=_share(counts["frame_success"]),
        month=counts["month"],
        up=round(counts["sent_bytes"] / 1000),
        down=round(counts["received_bytes"] / 1000),
    )


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def _gaps(found: Mapping[str, Mapping[str, int]], lang: Lang) -> Iterator[str]:
    for kind, states in found.items():
        told = ", ".join(f"{pick(GAP_STATES[state], lang)} {n}" for state, n in states.items())
        name = pick(GAP_KINDS[kind], lang)
        yield _say("gaps", lang, kind=name, total=sum(states.values()), states=told)


def _device(device: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    state = _say("ok", lang)
    if not device["ok"]:
        last = local_time(device["last_good_at"]) or _say("never", lang)
        state = _say("silent", lang, cause=device["cause"], last=last)
    yield _say("device", lang, id=pad(device["id"], 12), state=state)
    if device.get("stand_in"):
        yield _say("stand_in", lang, **device)
    for one in device["readings"]:
        value = "—" if one["value"] is None else f"{one['value']:g} {one['unit']}"
        name = factor_name(one["factor"], lang) if one["factor"] else one["point"]
        said = pad(cause(one["cause"], lang), 14)
        at = local_time(one["measured_at"] or one["taken_at"])
        yield f"        {pad(name, 18)}{value:<18}{said}{at}"
