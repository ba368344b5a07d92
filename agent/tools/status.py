"""`paikou status [SITE]`: what the running daemon says of itself."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from agent.local import ask
from agent.settings import load_site
from agent.settings.storage import SYSTEM_SOCKET, socket_paths
from protocols.hj212.times import BEIJING_OFFSET_S

_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
SITE = Path("/etc/paikou/site.yaml")


@click.command()
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--metrics", is_flag=True, help="Counters in the Prometheus text format.")
def status(site: Path | None, as_json: bool, metrics: bool) -> None:
    """Show what the running daemon says of itself. Exit 1 when none runs."""
    paths: tuple[Path, ...] = (SYSTEM_SOCKET,)
    if site is not None or SITE.exists():
        paths = socket_paths(load_site(site or SITE)[0])
    question = {"ask": "metrics" if metrics else "status"}
    try:
        answer = asyncio.run(ask(paths, question))
    except TimeoutError:
        click.echo("the daemon runs but does not answer", err=True)
        sys.exit(1)
    if answer is None:
        places = ", ".join(str(path) for path in paths)
        click.echo(f"no daemon listens at {places}; start one with: paikou run SITE", err=True)
        sys.exit(1)
    if metrics:
        click.echo(answer["text"], nl=False)
    elif as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for line in _lines(answer):
            click.echo(line)


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    clock, disk = answer["clock"], answer["disk"]
    trust = "trusted" if clock["trusted"] else "NOT TRUSTED, nothing is uploaded"
    yield f"paikou {answer['version']}  {answer['unit']['name']}  since {_time(answer['since'])}"
    yield f"clock   {_time(answer['now'])}, {trust}, epoch {clock['epoch']}"
    yield (
        f"disk    store {disk['store_mb']} MB, {disk['free_mb']} MB free, "
        f"full {disk['times_full']} times"
    )
    for device in answer["devices"]:
        state = "ok" if device["ok"] else f"NO VALUE ({device['cause']})"
        yield f"device  {device['id']:<12} {state:<28} last good {_time(device['last_good_at'])}"
        for one in device["readings"]:
            value = "—" if one["value"] is None else f"{one['value']:g} {one['unit']}"
            name = one["factor"] or one["point"]
            yield f"          {name:<14} {value:<18} {one['cause']:<12} {_time(one['taken_at'])}"
    for station in answer["stations"]:
        link = "linked" if station["linked"] else f"NOT LINKED: {station['error']}"
        yield f"station {station['id']:<20} {link}, owes {station['outbox']}"
    for one in answer["actions"]:
        yield f"action  {one['id']} {one['kind']} {one['device']}: {one['state']} {one['outcome']}"
    for one in answer["events"][:10]:
        open_ = "" if one["ended_at"] else " (lasts)"
        yield f"event   {_time(one['at'])} {one['kind']} {one['outlet']} {one['factor']}{open_}"


def _time(at: float | None) -> str:
    if at is None:
        return "never"
    return datetime.datetime.fromtimestamp(at, _ZONE).strftime("%Y-%m-%d %H:%M:%S")
