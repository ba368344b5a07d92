"""The gaps of one station as lines: what it has not got, since when, and why."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import click

from agent.dues import DAY_S, dues
from agent.errors import Lang
from agent.plan import Plan, StationPlan
from agent.records import all_lacking
from agent.store import series
from agent.store.gaps import Gap, gaps
from agent.tools.open_store import open_store
from agent.tools.words import GAP_KINDS, GAP_STATES, local_time, pad, pick

_NONE = ("没有缺口", "no gaps")
_LINE = (
    "{kind} {first} — {last}  {count} 个时段  {state}",
    "{kind} {first} to {last}  {count} periods  {state}",
)


def show_gaps(
    plan: Plan,
    station: StationPlan,
    kind: str | None,
    *,
    now: float,
    as_json: bool,
    lang: Lang,
) -> None:
    """List the gaps of a station up to `now`, of one kind or of all, oldest first."""
    count = 0
    for gap in _found(plan, station, now):
        if kind not in (None, gap.kind):
            continue
        count += 1
        told = dataclasses.asdict(gap)
        click.echo(json.dumps(told) if as_json else _line(gap, lang))
    if not count and not as_json:
        click.echo(pick(_NONE, lang))


def _found(plan: Plan, station: StationPlan, now: float) -> Iterator[Gap]:
    with open_store(plan.site, read_only=True) as connection:
        names = series.load(connection)
        kept_days = plan.site.storage.years * 366
        for due in dues(connection, station, names=names, now=now, kept_days=kept_days):
            yield from gaps(connection, due)
        yield from all_lacking(
            connection, plan, station, names=names, now=now, looking_back_s=kept_days * DAY_S
        )


def _line(gap: Gap, lang: Lang) -> str:
    return pick(_LINE, lang).format(
        kind=pad(pick(GAP_KINDS[gap.kind], lang), 8),
        first=local_time(gap.first, "%Y-%m-%d %H:%M"),
        last=local_time(gap.last, "%Y-%m-%d %H:%M"),
        count=gap.count,
        state=pick(GAP_STATES[gap.state], lang),
    )
