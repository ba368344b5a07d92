"""What a demo shows: a table that is drawn anew on a terminal, plain lines into a pipe."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from typing import Any

import click

from agent.tools.demo.script import Scene
from protocols.hj212.factors import factor
from protocols.hj212.times import BEIJING_OFFSET_S

_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
_MARKS = {
    "normal": "N",
    "over_range": "T",
    "fault": "D",
    "no_link": "B",
    "calibration": "C",
    "maintenance": "M",
    "stopped": "F",
}


class Screen:
    """Draws scenes."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._drawn = 0

    def __call__(self, scene: Scene) -> None:
        """Draw one scene over the one before, or below it where the output is no terminal."""
        lines = list(_lines(scene))
        if self._live and self._drawn:
            click.echo(f"\x1b[{self._drawn}F\x1b[J", nl=False)
        click.echo("\n".join(lines))
        self._drawn = len(lines)


def summary_lines(summary: dict[str, Any]) -> Iterator[str]:
    """Give the end of the demo in words."""
    yield ""
    yield (
        f"读数 {summary['readings']}；报文 发 {summary['frames_sent']} 收 "
        f"{summary['frames_received']} 拒 {summary['frames_rejected']} 缺 {summary['missing']} "
        f"重 {summary['duplicates']}；断网 {summary['outage_s']} s，期间积压 "
        f"{summary['queued_in_outage']} 条"
    )
    for one in summary["retained"]:
        yield (
            f"留样：{one['bottle']} 号瓶 {one['at']}，{_name(one['factor'])} {one['value']} > "
            f"{one['limit']}（采样器记录）"
        )
    lost = summary["missing"]
    yield "一条不丢 / nothing lost" if not lost else f"缺 {lost} 条 / {lost} missing"


def _lines(scene: Scene) -> Iterator[str]:
    status = scene.status
    now = status.get("now")
    left = max(0.0, scene.seconds - scene.elapsed_s)
    clock = _time(now, "%m-%d %H:%M:%S")
    yield f"paikou demo  {clock}  还有 {left:.0f} s  读数 {scene.readings}"
    for device in status.get("devices", ()):
        for reading in device["readings"]:
            if reading["factor"]:
                yield _reading(device["id"], reading)
    yield _uplink(scene, status.get("stations", ()))
    yield from _bottles(status.get("actions", ()))


def _reading(device: str, reading: dict[str, Any]) -> str:
    value = "—" if reading["value"] is None else f"{reading['value']:.4g}"
    at = reading["measured_at"] or reading["taken_at"]
    mark = _MARKS.get(reading["cause"], "D")
    name = _name(reading["factor"])
    return (
        f"  {reading['outlet']:<6}{device:<6}{_pad(name, 14)}{value:>9} "
        f"{reading['unit']:<7}{mark:<3}{_time(at, '%H:%M:%S')}"
    )


def _uplink(scene: Scene, stations: list[dict[str, Any]]) -> str:
    backlog = sum(one["outbox"] for one in stations)
    linked = sum(one["linked"] for one in stations)
    if scene.outage:
        state = f"■ 平台断开 {scene.outage_s:.0f} s"
    elif linked < len(stations):
        state = f"▲ 重新连接 {linked}/{len(stations)}"
    else:
        state = "✓ 平台在线"
    drains = "  补传中" if scene.drains or (backlog > len(stations) and not scene.outage) else ""
    return f"{state}  积压 {backlog}{drains}"


def _bottles(actions: list[dict[str, Any]]) -> Iterator[str]:
    words = {"queued": "已下令", "running": "留样中", "done": "已留样", "unknown": "核对记录中"}
    for one in actions:
        if one["kind"] != "retain":
            continue
        request, outcome = one["request"], one["outcome"] or {}
        bottle = f" {outcome['bottle']} 号瓶" if one["state"] == "done" else ""
        reason = f"（{outcome['reason']}）" if outcome.get("reason") else ""
        yield (
            f"{words.get(one['state'], one['state'])}{bottle}：{_name(request['factor'])} "
            f"{request['value']:.1f} > {request['limit']:g}{reason}"
        )


def _name(code: str) -> str:
    known = factor(code, "hj212-2017")
    return known.name_zh if known else code


def _pad(text: str, width: int) -> str:
    """Pad to a width in terminal cells: a Chinese character takes two."""
    cells = sum(2 if ord(one) > 0x2E7F else 1 for one in text)
    return text + " " * max(1, width - cells)


def _time(at: float | None, form: str) -> str:
    return "" if at is None else datetime.datetime.fromtimestamp(at, _ZONE).strftime(form)
