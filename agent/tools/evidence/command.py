"""`paikou evidence SITE`: a signed bundle of an event or an interval."""

from __future__ import annotations

import contextlib
import getpass
import json
import sqlite3
from pathlib import Path

import click

from agent.clock import Clock
from agent.errors import Lang, StoreError
from agent.settings import Site, load_site
from agent.settings.storage import state_directory
from agent.store import events
from agent.store.db import FILE_NAME, SCHEMA_VERSION, connect, schema_version
from agent.tools.evidence.bundle import make
from agent.tools.evidence.gather import Interval
from agent.tools.hand import Instant
from agent.tools.words import JSON, lang_option, local_time, pick

BEFORE_S = 2 * 3600.0
AFTER_S = 3600.0
"""What goes with an event: from so long before it began until so long after it ended."""
LONGEST_S = 92 * 86_400.0
_WORDS = {
    "made": ("已生成 {file}（{bytes} 字节），公钥 {key}", "made {file} ({bytes} bytes), key {key}"),
    "not_made": ("未能生成 {file}：{error}", "{file} could not be made: {error}"),
    "no_event": ("{db} 里没有编号为 {number} 的事件", "{db}: no event {number}"),
    "no_store": ("{db}：还没有数据库", "{db}: there is no store yet"),
    "which": ("要么 --event，要么 --from 和 --to", "either --event, or --from and --to"),
    "future": ("这段时间还没有到", "that interval is still to come"),
    "order": ("--to 应晚于 --from，最长 92 天", "--to must be after --from, by 92 days at most"),
}


@click.command("evidence")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--event", type=int, help="事件编号 / its number.")
@click.option("--from", "begin", type=Instant(), help="起 / from.")
@click.option("--to", "end", type=Instant(), help="止 / to.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="文件 / file.")
@click.option("--by", default=getpass.getuser, help="经办人；默认当前用户 / who.")
@click.option("--why", default="", help="原因 / why.")
@JSON
@lang_option
def evidence(
    site: Path,
    event: int | None,
    begin: float | None,
    end: float | None,
    output: Path | None,
    by: str,
    why: str,
    as_json: bool,
    lang: Lang,
) -> None:
    """为事件或时段制作签名证据包 / make a signed bundle; the daemon may run on."""
    settings, _ = load_site(site)
    directory = state_directory(settings)
    if schema_version(directory / FILE_NAME) != SCHEMA_VERSION:
        raise StoreError(pick(_WORDS["no_store"], lang).format(db=directory / FILE_NAME))
    now = Clock().now()
    interval = choose(directory, event, begin, end, now=now, lang=lang)
    file = output or Path(_name(settings, interval))
    try:
        made = make(directory, settings, site, interval, file, now=now, by=by, why=why)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(pick(_WORDS["not_made"], lang).format(file=file, error=error)) from None
    if as_json:
        told = {name: made[name] for name in ("unit", "begin", "end", "event", "key", "head")}
        click.echo(json.dumps({"file": str(file), **told, "sha256": made["sha256"]}))
    else:
        words = pick(_WORDS["made"], lang)
        click.echo(words.format(file=file, bytes=made["bytes"], key=made["key"]))


def choose(
    directory: Path, event: int | None, begin: float | None, end: float | None,
    *, now: float, lang: Lang,
) -> Interval:  # fmt: skip
    """Give the interval of a bundle, which ends where what is known does.

    Raises click.UsageError, StoreError.
    """
    if (event is None) == (begin is None) or (begin is None) != (end is None):
        raise click.UsageError(pick(_WORDS["which"], lang))
    path = directory / FILE_NAME
    with contextlib.closing(connect(path, read_only=True)) as connection:
        known = max(now, _newest(connection) + 1.0)  # an interval does not hold its end
        found = _event(connection, event)
    if begin is not None and end is not None:
        if not 0 < end - begin <= LONGEST_S:
            raise click.UsageError(pick(_WORDS["order"], lang))
        if begin >= known:
            raise click.UsageError(pick(_WORDS["future"], lang))
        return Interval(begin, min(end, known))
    if found is None:
        raise StoreError(pick(_WORDS["no_event"], lang).format(db=path, number=event))
    # what is still to come is in no bundle, and none may say so
    end = min((found.ended_at or known) + AFTER_S, known)
    return Interval(found.at - BEFORE_S, end, found.id)


def _newest(connection: sqlite3.Connection) -> float:
    """Give when the journal was last written: a store may be ahead of this machine's clock."""
    (at,) = connection.execute("SELECT coalesce(max(at), 0.0) FROM journal").fetchone()
    return float(at)


def _event(connection: sqlite3.Connection, number: int | None) -> events.Event | None:
    return None if number is None else events.find(connection, number)


def _name(site: Site, interval: Interval) -> str:
    what = f"event{interval.event}" if interval.event else "interval"
    return f"{site.unit.code}-{local_time(interval.begin, '%Y%m%dT%H%M')}-{what}.zip"
