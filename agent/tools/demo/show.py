"""What a demo shows: a table that is drawn anew on a terminal, plain lines into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click

from agent.errors import Lang
from agent.tools.demo.script import Scene
from agent.tools.words import factor_name, local_time, pad, pick
from protocols.hj212.editions import edition

LETTERS = edition("hj212-2017").letters

_WORDS: Mapping[str, tuple[str, str]] = {
    "head": ("还有 {left:.0f} s  读数 {readings}", "{left:.0f} s left  readings {readings}"),
    "cut": ("■ 平台断开 {s:.0f} s", "■ platform cut off {s:.0f} s"),
    "back": ("▲ 重新连接 {n}/{of}", "▲ reconnecting {n}/{of}"),
    "on": ("✓ 平台在线", "✓ platform online"),
    "owed": ("积压 {n}", "owed {n}"),
    "drains": ("补传中", "catching up"),
    "over": ("■ 超标", "■ over limit"),
    "filming": ("录像中", "filming"),
    "filmed": ("已录像 {file}", "filmed {file}"),
    "queued": ("已下令留样", "bottle ordered"),
    "running": ("留样中", "filling a bottle"),
    "done": ("已留样 {bottle} 号瓶", "kept bottle {bottle}"),
    "unknown": ("核对采样器记录", "asking the sampler's record"),
    "sum": (
        "读数 {readings}；报文 发 {frames_sent} 收 {frames_received} 拒 {frames_rejected} "
        "缺 {missing} 重 {duplicates}；断网 {outage_s} s，期间积压 {queued_in_outage} 条",
        "readings {readings}; frames sent {frames_sent}, received {frames_received}, rejected "
        "{frames_rejected}, missing {missing}, duplicates {duplicates}; outage {outage_s} s, "
        "{queued_in_outage} queued in it",
    ),
    "bottle": (
        "留样：{bottle} 号瓶 {at}，{vessel} 桶 {volume_ml:g} mL，"
        "{name} {value} > {limit}（采样器记录）",
        "bottle {bottle} at {at}, vessel {vessel}, {volume_ml:g} mL: {name} {value} > {limit} "
        "(the sampler's own record)",
    ),
    "no_camera": (
        "没有摄像头（要装 video 扩展，并有 GStreamer 的 RTSP 服务）",
        "no camera (it takes the extra `video` and GStreamer's RTSP server)",
    ),
    "camera": (
        "摄像头 {sight}  可回看 {reach_s:.0f} s",
        "camera {sight}  {reach_s:.0f} s to look back",
    ),
    "bundle": (
        "证据包 {file} 已到平台并核验 {verdict}",
        "bundle {file} reached the platform: {verdict}",
    ),
    "whole": ("✓ 完整", "✓ whole"),
    "not_whole": ("✗ 不完整", "✗ NOT WHOLE"),
    "no_bottle": (
        "■ 超标没有留下水样，原因见 --keep 目录中的 agent.log",
        "■ no bottle was kept; why, is in agent.log of the folder of --keep",
    ),
    "no_bundle": (
        "■ 没有完整的证据包到达平台",
        "■ no whole bundle reached the platform",
    ),
    "nothing_lost": ("一条不丢", "nothing lost"),
    "lost": ("缺 {missing} 条", "{missing} missing"),
}


class Screen:
    """Draws scenes."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._live = sys.stdout.isatty()
        self._drawn = 0

    def __call__(self, scene: Scene) -> None:
        """Draw one scene over the one before, or below it where the output is no terminal."""
        lines = list(_lines(scene, self._lang))
        if self._live and self._drawn:
            click.echo(f"\x1b[{self._drawn}F\x1b[J", nl=False)
        click.echo("\n".join(lines))
        self._drawn = len(lines)


def summary_lines(summary: dict[str, Any], lang: Lang) -> Iterator[str]:
    """Give the end of the demo in words."""
    yield ""
    yield _say("sum", lang, **summary)
    for one in summary["retained"]:
        yield _say("bottle", lang, **one, name=factor_name(one["factor"], lang))
    for one in summary["evidence"]:
        verdict = _say("whole" if one["whole"] else "not_whole", lang)
        yield _say("bundle", lang, file=one["file"], verdict=verdict)
    if not summary["camera"]:
        yield _say("no_camera", lang)
    for what in summary["not_shown"]:
        yield _say(f"no_{what}", lang)
    yield _say("lost" if summary["missing"] else "nothing_lost", lang, **summary)


def _say(word: str, lang: Lang, **values: Any) -> str:
    return pick(_WORDS[word], lang).format(**values)


def _lines(scene: Scene, lang: Lang) -> Iterator[str]:
    status = scene.status
    left = max(0.0, scene.seconds - scene.elapsed_s)
    head = _say("head", lang, left=left, readings=scene.readings)
    yield f"paikou demo  {local_time(status.get('now'), '%m-%d %H:%M:%S')}  {head}"
    over = {
        (one["outlet"], one["factor"])
        for one in status.get("events", ())
        if one["kind"] == "exceedance" and one["ended_at"] is None
    }
    for device in status.get("devices", ()):
        for reading in device["readings"]:
            if reading["factor"]:
                beyond = (reading["outlet"], reading["factor"]) in over
                yield _reading(device["id"], reading, beyond, lang)
    for one in status.get("cameras", ()):
        yield "  " + _say("camera", lang, sight=one["sight"] or "—", reach_s=one["reach_s"])
    yield _uplink(scene, status.get("stations", ()), lang)
    for one in status.get("actions", ()):
        yield _order(one, lang)


def _reading(device: str, reading: dict[str, Any], over: bool, lang: Lang) -> str:
    value = "—" if reading["value"] is None else f"{reading['value']:.4g}"
    at = local_time(reading["measured_at"] or reading["taken_at"], "%H:%M:%S")
    letter = LETTERS[reading["cause"]]
    name = pad(factor_name(reading["factor"], lang), 14)
    mark = f"  {_say('over', lang)}" if over else ""
    row = f"  {reading['outlet']:<6}{device:<6}{name}{value:>9} {reading['unit']:<7}{letter:<3}"
    return f"{row}{at}{mark}"


def _uplink(scene: Scene, stations: list[dict[str, Any]], lang: Lang) -> str:
    backlog = sum(one["outbox"] for one in stations)
    linked = sum(one["linked"] for one in stations)
    if scene.outage:
        state = _say("cut", lang, s=scene.outage_s)
    elif linked < len(stations):
        state = _say("back", lang, n=linked, of=len(stations))
    else:
        state = _say("on", lang)
    drains = scene.drains or (backlog > len(stations) and not scene.outage)
    parts = [state, _say("owed", lang, n=backlog), _say("drains", lang) if drains else ""]
    return "  ".join(filter(None, parts))


def _order(one: dict[str, Any], lang: Lang) -> str:
    request, outcome = one["request"], one["outcome"] or {}
    if one["kind"] == "clip":
        done = one["state"] == "done"
        return _say("filmed" if done else "filming", lang, file=outcome.get("file", ""))
    words = _WORDS.get(one["state"], (one["state"], one["state"]))
    state = pick(words, lang).format(bottle=outcome.get("bottle", ""))
    reason = f" ({outcome['reason']})" if outcome.get("reason") else ""
    name = factor_name(request["factor"], lang)
    return f"{state}  {name} {request['value']:.1f} > {request['limit']:g}{reason}"
