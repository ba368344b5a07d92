"""`paikou hold SITE`: intervals frozen as evidence: list, add, release."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click

from agent.errors import Lang
from agent.freezing import hold_by_hand, release_by_hand
from agent.settings import load_site
from agent.store import holds
from agent.store.holds import Hold
from agent.tools.hand import Instant, desk, signed, site_group
from agent.tools.persons import PIN_FILE, pin_of
from agent.tools.words import JSON, lang_option, local_time, pick

_MOST = 100
_WORDS = {
    "none": ("没有冻结的时段", "nothing is frozen"),
    "line": (
        "{state} {ref}  {outlet}  {begin} 至 {end}  {by} {at}：{why}",
        "{state} {ref}  {outlet}  {begin} to {end}  {by} {at}: {why}",
    ),
    "open": ("■ 冻结", "■ frozen"),
    "closed": ("  已解除", "  released"),
    "released": ("      {by} {at} 解除：{why}", "      released by {by} at {at}: {why}"),
    "on": ("解除为止", "its release"),
    "all": ("全部排放口", "all outlets"),
    "added": ("已冻结：{ref}", "frozen: {ref}"),
    "gone": ("已解除：{ref}", "released: {ref}"),
    "refused": ("未执行：{why}", "not done: {why}"),
}


hold = site_group(
    "hold", "冻结的时段：数据和录像不清理 / frozen intervals: nothing of them is pruned."
)


@hold.command("list")
@click.pass_obj
@JSON
@lang_option
def list_(site: Path, as_json: bool, lang: Lang) -> None:
    """列出冻结的时段 / list what is, and was, frozen; newest first."""
    with desk(site, write=False) as at:
        found = holds.newest(at.connection, _MOST)
    if as_json:
        plain = [dataclasses.asdict(one) for one in found]
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one, lang))
        if one.released_at is not None:
            when = local_time(one.released_at)
            said = {"by": one.released_by, "at": when, "why": one.release_why or "—"}
            click.echo(pick(_WORDS["released"], lang).format(**said))
    if not found:
        click.echo(pick(_WORDS["none"], lang))


@hold.command("add")
@click.pass_obj
@click.option("--from", "since", type=Instant(), required=True, help="起 / from.")
@click.option(
    "--to", "until", type=Instant(), help="止；不写即到解除为止 / to; else until released."
)
@click.option("--outlet", default="", help="排放口；不写即全部 / default: all.")
@signed
@JSON
@lang_option
def add(
    site: Path, since: float, until: float | None, outlet: str, by: str, why: str, as_json: bool,
    lang: Lang,
) -> None:  # fmt: skip
    """冻结一个时段 / freeze an interval."""
    with desk(site, write=True) as at:
        ref, refused = hold_by_hand(
            at.connection, at.plan, since, until, outlet=outlet, by=by, why=why, now=at.now
        )
    _end("added", ref, refused, as_json=as_json, lang=lang)


@hold.command("release")
@click.pass_obj
@click.argument("ref")
@signed
@PIN_FILE
@JSON
@lang_option
def release(
    site: Path, ref: str, by: str, why: str, pin_file: Path | None, as_json: bool, lang: Lang
) -> None:
    """解除冻结 / let go of one; what a platform ordered an inspector of the site file releases."""
    pin = pin_of(load_site(site)[0], by, pin_file)  # asked before anybody waits for the store
    with desk(site, write=True) as at:
        refused = release_by_hand(at.connection, at.plan, ref, by=by, why=why, now=at.now, pin=pin)
    _end("gone", ref, refused, as_json=as_json, lang=lang)


def _end(word: str, ref: str, refused: str | None, *, as_json: bool, lang: Lang) -> None:
    if as_json:
        click.echo(json.dumps({"ref": ref, "error": refused}, ensure_ascii=False))
    elif refused:
        click.echo(pick(_WORDS["refused"], lang).format(why=refused), err=True)
    else:
        click.echo(pick(_WORDS[word], lang).format(ref=ref))
    sys.exit(1 if refused else 0)


def _line(one: Hold, lang: Lang) -> str:
    return pick(_WORDS["line"], lang).format(
        state=pick(_WORDS["open" if one.released_at is None else "closed"], lang),
        ref=one.ref,
        outlet=one.outlet or pick(_WORDS["all"], lang),
        begin=local_time(one.start),
        end=local_time(one.end) or pick(_WORDS["on"], lang),
        by=one.made_by,
        at=local_time(one.made_at),
        why=one.why or "—",
    )
