"""`paikou frames SITE [STATION]`: what went over the wire, both ways, decoded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sqlite3
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from agent.errors import Lang
from agent.local import ask
from agent.plan import Plan, make_plan
from agent.settings import Site, load_site
from agent.settings.storage import socket_paths
from agent.store import frame_packs
from agent.store.frame_packs import LOST, SENT, SETTLED, FrameRecord
from agent.tools.daemon_time import at_daemon, daemon_now
from agent.tools.frame_words import command_name, decoded, reason
from agent.tools.moments import Moment
from agent.tools.open_store import open_store
from agent.tools.words import lang_option, local_time, pick
from protocols.hj212.editions import Edition, edition

CHUNK = 500
"""Rows of the store read at a time."""
LOOK_S = 1.0
REMEMBERED = 4096
"""Frames remembered to tell that one goes out again."""
_CODE = re.compile("[0-9]{4}")
BROKE = "connection broke before the answer"

_WORDS: Mapping[str, tuple[str, str]] = {
    ">": ("上行", "up"),
    "<": ("下行", "down"),
    "sealed": ("密文", "sealed"),
    "again": ("第 {attempt} 次：{reason}", "no. {attempt}: {reason}"),
    "answer": ("答复 {answer}", "answer {answer}"),
    "refused": ("▲ {reason}", "▲ {reason}"),
    "ended": ("结果", "ended"),
    "lost": ("▲ 此前有日志丢失：{outcome}", "▲ records lost before this: {outcome}"),
    "none": ("没有报文", "no frames"),
}


def _command_code(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    if text is not None and not _CODE.fullmatch(text):
        raise click.BadParameter(
            f"{text!r}：应为四位命令编码 / a command code of four digits expected, as 2011"
        )
    return text


@click.command("frames")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("station", required=False)
@click.option("--follow", "-f", is_flag=True, help="持续显示新报文 / go on as frames come")
@click.option(
    "--since",
    type=Moment(),
    default="1h",
    show_default=True,
    help="起始时间或多久以前 / time or age",
)
@click.option("--cn", callback=_command_code, help="只看此命令编码 / only this command")
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象 / one JSON object a line")
@lang_option
def frames(
    site: Path,
    station: str | None,
    follow: bool,
    since: float,
    cn: str | None,
    as_json: bool,
    lang: Lang,
) -> None:
    """查看收发的报文：时间、方向、内容、答复、重发原因 / frames sent and received.

    With time, direction, text, answer, and why one went again.
    """
    settings, _ = load_site(site, lang=lang)
    plan = make_plan(settings)
    if station is not None and station not in plan.stations:
        known = ", ".join(plan.stations)
        raise click.BadParameter(
            f"没有这个站点 / no station {station!r} in {site}; there are: {known}"
        )
    since = at_daemon(since, daemon_now(settings))
    shown = 0
    show = Show(plan, as_json=as_json, lang=lang)
    with open_store(settings, read_only=True) as connection, contextlib.suppress(KeyboardInterrupt):
        for records in _read(settings, connection, since, station=station, follow=follow):
            for line in show.lines(records, cn):
                shown += 1
                click.echo(line)
    if not shown and not as_json:
        click.echo(pick(_WORDS["none"], lang), err=True)


def newest_lines(site: Site, count: int) -> list[str]:
    """Give the newest records of the log as JSON lines, in their order. Raises StoreError."""
    show = Show(make_plan(site), as_json=True, lang="zh")
    with open_store(site, read_only=True) as connection:
        lines: deque[str] = deque(maxlen=count)
        for records in _read(site, connection, 0.0, station=None, follow=False):
            lines.extend(show.lines(records, None))
    return list(lines)


def _read(
    site: Site, connection: sqlite3.Connection, since: float, *, station: str | None, follow: bool
) -> Iterator[list[FrameRecord]]:
    """Give records, some hundred rows at a time; with `follow` for ever."""
    after = frame_packs.oldest(connection) - 1
    while True:
        _let_daemon_write(site)
        newest = frame_packs.newest(connection)
        while after < newest:
            last = min(after + CHUNK, newest)
            yield frame_packs.between(connection, after, last, since=since, station=station)
            after = last
        if not follow:
            return
        time.sleep(LOOK_S)


def _let_daemon_write(site: Site) -> None:
    """Have a running daemon bring to the store what it has gathered."""
    with contextlib.suppress(TimeoutError):
        asyncio.run(ask(socket_paths(site), {"ask": "frames"}, timeout_s=5.0))


class Show:
    """Records as lines, with what is known of each frame put together."""

    def __init__(self, plan: Plan, *, as_json: bool, lang: Lang) -> None:
        self._plan, self._json, self._lang = plan, as_json, lang
        self._sent: dict[tuple[str, str], int] = {}

    def lines(self, records: Sequence[FrameRecord], cn: str | None) -> Iterator[str]:
        """Give the lines of some records; of one command only where that is asked."""
        for record, answer in _with_answers([self._explained(one) for one in records]):
            if cn is not None and cn not in (record.cn, "") and record.direction != LOST:
                continue
            yield self._line(record, answer)

    def _explained(self, record: FrameRecord) -> FrameRecord:
        """Say of a frame that left before why it does again, where nobody wrote it down."""
        if record.direction != SENT or not record.qn:
            return record
        key = (record.station, record.qn + record.text.partition("PNO=")[2][:2])
        again = key in self._sent
        self._sent[key] = count = self._sent.pop(key, 0) + 1
        while len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]
        if not again or record.reason:
            return record
        attempt = max(count, record.attempt)
        return record._replace(reason=BROKE, attempt=attempt)

    def _line(self, record: FrameRecord, answer: str) -> str:
        by = self._edition(record.station)
        if self._json:
            told: dict[str, Any] = {**record._asdict(), "answer": answer}
            told["decoded"] = decoded(record.text, by, self._lang) if record.text else ""
            return json.dumps(told, ensure_ascii=False)
        at = local_time(record.at, "%Y-%m-%d %H:%M:%S") + f".{int(record.at % 1 * 1000):03d}"
        head = f"{at}  {record.station}"
        if record.direction == LOST:
            return f"{at}  {self._say('lost', outcome=record.outcome)}"
        if record.direction == SETTLED:
            how = reason(record.outcome, self._lang)
            return f"{head}  {self._say('ended')}  {record.cn}  QN={record.qn}  {how}"
        shown = "  ".join(self._parts(record, answer, by, head=head))
        text = decoded(record.text, by, self._lang)
        return f"{shown}\n        {text}" if text else shown

    def _parts(self, record: FrameRecord, answer: str, by: Edition, *, head: str) -> Iterator[str]:
        name = command_name(record.cn, record.direction, by, self._lang)
        yield f"{head}  {self._say(record.direction)}"
        if record.cn:
            yield f"{record.cn} {name}".rstrip()
            yield f"QN={record.qn}"
        if record.sealed:
            yield self._say("sealed")
        if record.reason and record.direction == SENT:
            why = reason(record.reason, self._lang)
            yield self._say("again", attempt=record.attempt, reason=why)
        elif record.reason:
            yield self._say("refused", reason=record.reason)
        if answer:
            yield self._say("answer", answer=reason(answer, self._lang))

    def _edition(self, station: str) -> Edition:
        known = self._plan.stations.get(station)
        return known.wording.edition if known else edition("hj212-2017")

    def _say(self, word: str, **values: Any) -> str:
        return pick(_WORDS[word], self._lang).format(**values)


def _with_answers(records: Iterable[FrameRecord]) -> Iterator[tuple[FrameRecord, str]]:
    """Put the outcome of each frame to its last transmission; what fits to none stays alone."""
    told: list[tuple[FrameRecord, str]] = []
    last: dict[tuple[str, str], int] = {}
    for record in records:
        key = (record.station, record.qn)
        if record.direction == SETTLED and key in last:
            place = last.pop(key)
            told[place] = (told[place][0], record.outcome)
            continue
        if record.direction == SENT:
            last[key] = len(told)
        told.append((record, ""))
    yield from told
