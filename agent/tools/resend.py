"""`paikou resend SITE`: owe a platform once more what it has not got, or has lost.

Only rows are written, beside a running daemon or without one; its sender takes them as backlog,
under the rate of the destination.
"""

from __future__ import annotations

import dataclasses
import getpass
import itertools
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from agent.errors import Lang, StoreError
from agent.lock import held
from agent.model import Period
from agent.plan import Plan, StationPlan, make_plan
from agent.records import KINDS, Shelf, days
from agent.resending import Asked, Tally, resend, resend_records, wanted
from agent.settings import load_site
from agent.settings.storage import state_directory
from agent.store import journal, series
from agent.store.db import transaction
from agent.store.series import Names
from agent.tools.daemon_time import at_daemon, daemon_now
from agent.tools.gap_list import show_gaps
from agent.tools.hand import SITE
from agent.tools.moments import Moment
from agent.tools.open_store import open_store
from agent.tools.words import GAP_KINDS, JSON, lang_option, local_time, pick

CHUNK = 50
"""Periods in one commit: the daemon's own are not to wait long."""
LONGEST_WHY = 200

_WORDS: Mapping[str, tuple[str, str]] = {
    "dry": (
        "{station} {kind} {first} — {end}：可补发 {sent} 条（原报文 {again}，按统计重做 {made}），"
        "已在待发 {owed}，已确认略过 {delivered}，无数据 {without}；约需 {takes}",
        "{station} {kind} {first} to {end}: {sent} uploads to send ({again} as they were, {made} "
        "made again), {owed} on their way, {delivered} acknowledged, {without} without data; "
        "takes about {takes}",
    ),
    "yes": ("加 --yes 执行", "add --yes to do it"),
    "done": (
        "{station} {kind} {first} — {end}：已排入补发 {sent} 条（原报文 {again}，"
        "按统计重做 {made}），已在待发 {owed}，已确认略过 {delivered}，无数据 {without}；"
        "约需 {takes}",
        "{station} {kind} {first} to {end}: {sent} uploads owed again ({again} as they were, "
        "{made} made again), {owed} on their way, {delivered} acknowledged, {without} without "
        "data; takes about {takes}",
    ),
    "idle": (
        "守护进程没有运行，启动后发送",
        "no daemon runs on this store; they go out once one does",
    ),
    "order": ("起始时间应早于结束时间", "the span must begin before it ends"),
}


@click.command("resend")
@SITE
@click.option("--to", "name", required=True, metavar="STATION", help="目标站点 / station.")
@click.option("--kind", type=click.Choice(list(GAP_KINDS)), help="数据种类 / what.")
@click.option("--from", "first", type=Moment(), help="首个时段，UTC+8 / first period.")
@click.option(
    "--until", "end", type=Moment(closing=True), help="止；只写日期即到当日末；默认现在 / until."
)
@click.option("--missing", is_flag=True, help="只补未确认的 / only what was not acknowledged.")
@click.option("--yes", is_flag=True, help="执行；不写只统计 / do it; else only count.")
@click.option("--why", default="", help="原因，记入日志 / why, for the journal.")
@JSON
@lang_option
def command(
    site: Path,
    name: str,
    kind: str | None,
    first: float | None,
    end: float | None,
    missing: bool,
    yes: bool,
    why: str,
    as_json: bool,
    lang: Lang,
) -> None:
    """补传：先统计，加 --yes 才执行 / send a station again what it lacks; counts first.

    不写 --from 则列出该站点尚未收到的 / without --from: what the station has not got.
    """
    settings, _ = load_site(site, lang=lang)
    plan = make_plan(settings)
    stations = plan.stations
    if name not in stations:
        raise click.BadParameter(
            f"没有这个站点 / no station {name!r} in {site}; there are: {', '.join(stations)}"
        )
    if first is None:
        now = daemon_now(settings)
        show_gaps(plan, stations[name], kind, now=now, as_json=as_json, lang=lang)
        return
    if kind is None:
        raise click.UsageError("--kind：应为 / one of " + ", ".join(GAP_KINDS))
    now = daemon_now(settings)
    first, end = at_daemon(first, now), now if end is None else at_daemon(end, now)
    if first >= end:
        raise click.UsageError(pick(_WORDS["order"], lang))
    asked = Asked(stations[name], kind, first, end, missing)
    with open_store(settings, read_only=not yes) as connection:
        try:
            tally = _do(connection, plan, asked, why[:LONGEST_WHY], now=now, dry=not yes)
        except sqlite3.Error as error:
            raise StoreError(f"{state_directory(settings)}: {error}") from None
    runs = held(state_directory(settings))
    if as_json:
        told = {"station": name, "kind": kind, "from": first, "until": end, "done": yes}
        told |= dataclasses.asdict(tally) | {"sent": tally.sent, "daemon": runs}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(_line(asked, tally, "done" if yes else "dry", lang))
    if not yes and tally.sent:
        click.echo(pick(_WORDS["yes"], lang))
    if yes and tally.sent and not runs:
        click.echo(pick(_WORDS["idle"], lang))


Part = Callable[[bool], None]


def _do(
    connection: sqlite3.Connection, plan: Plan, asked: Asked, why: str, *, now: float, dry: bool
) -> Tally:
    who = _who()
    tally, text = Tally(), f"resend by {who}: {why or '-'}"
    for first, end, part in _parts(connection, plan, asked, tally, text=text, now=now):
        if dry:
            part(True)
            continue
        with transaction(connection):
            before = tally.sent
            part(False)
            detail = {
                "station": asked.station.id,
                "kind": asked.kind,
                "from": first,
                "until": end,
                "missing": asked.missing,
                "uploads": tally.sent - before,
                "why": why,
            }
            # who asked for what, in the commit that owes it
            journal.add(connection, "resend", detail, at=now, who=who)
    return tally


def _parts(
    connection: sqlite3.Connection,
    plan: Plan,
    asked: Asked,
    tally: Tally,
    *,
    text: str,
    now: float,
) -> Iterator[tuple[int, int, Part]]:
    """Give what is asked for in pieces of one commit: from when, until when, and how it is owed."""
    names: Names = series.load(connection)
    if asked.kind in KINDS:
        shelf = Shelf(plan, names, asked.station, asked.kind)
        for day in days(asked.first, min(asked.end, now)):

            def records(dry: bool, day: Period = day) -> None:
                resend_records(
                    connection, asked, shelf, day, why=text, now=now, tally=tally, dry=dry
                )

            yield max(day.start, int(asked.first)), min(day.end, int(asked.end)), records
        return
    periods = wanted(connection, asked, now=now)
    while some := list(itertools.islice(periods, CHUNK)):

        def closed(dry: bool, some: Sequence[tuple[str, Period]] = some) -> None:
            resend(connection, asked, some, names=names, why=text, now=now, tally=tally, dry=dry)

        yield some[0][1].start, some[-1][1].end, closed


def _who() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # nobody of that number is in the list of users
        return f"uid {os.getuid()}"


def _line(asked: Asked, tally: Tally, word: str, lang: Lang) -> str:
    return pick(_WORDS[word], lang).format(
        station=asked.station.id,
        kind=pick(GAP_KINDS[asked.kind], lang),
        first=local_time(asked.first, "%Y-%m-%d %H:%M"),
        end=local_time(asked.end, "%Y-%m-%d %H:%M"),
        takes=_takes(asked.station, tally),
        sent=tally.sent,
        again=tally.again,
        made=tally.made,
        owed=tally.owed,
        delivered=tally.delivered,
        without=tally.without,
    )


def _takes(station: StationPlan, tally: Tally) -> str:
    """Give how long the rate of the destination lets it take."""
    seconds = tally.packets / station.destination.backlog_per_s
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
