"""`paikou orders SITE list|show|answer`: supervision orders by a person's hand.

It reads and adds rows beside the daemon, which sends what is owed within a second or two.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from agent.desk import Desk
from agent.errors import Lang, PaikouError
from agent.ordering.answering import answer, attached
from agent.ordering.draft import draft
from agent.ordering.gathering import gather
from agent.persons import unproven
from agent.settings import load_site
from agent.store import journal, supervision
from agent.store.supervision import Supervised
from agent.tools.hand import desk, signed, site_group
from agent.tools.order_lines import as_json, detail_lines, line
from agent.tools.persons import PIN_FILE, NotAllowed, allowed, pin_of
from agent.tools.words import lang_option, pick

ROLES = ("operator", "contractor")
MOST = 200
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ORDER = click.argument("order")
_JSON = click.option("--json", "as_json_", is_flag=True, help="输出 JSON / as JSON.")
_NONE = ("没有督办", "no supervision orders")
_ANSWERED = (
    "已答复督办 {number}（答复 {answer}，附件 {files} 个），待平台签收；paikou orders … show 可查",
    "answered {number} (answer {answer}, {files} files); `paikou orders … show` tells the receipt",
)


orders = site_group(
    "orders", "督办：列出、查看（含答复草稿）、答复 / supervision orders: list, show, answer."
)


@orders.command("list")
@click.pass_obj
@click.option("--open", "unanswered", is_flag=True, help="只列待答复的 / unanswered ones only.")
@_JSON
@lang_option
def list_(site: Path, lang: Lang, *, unanswered: bool, as_json_: bool) -> None:
    """列出督办，最新的在前 / list the orders, newest first."""
    with desk(site, write=False) as at:
        found = supervision.listed(at.connection, unanswered=unanswered, most=MOST)
    for one in found:
        click.echo(
            json.dumps(as_json(one), ensure_ascii=False) if as_json_ else line(one, lang, at.now)
        )
    if not found and not as_json_:
        click.echo(pick(_NONE, lang))


@orders.command("show")
@click.pass_obj
@_ORDER
@_JSON
@lang_option
def show(site: Path, order: str, lang: Lang, *, as_json_: bool) -> None:
    """显示一条督办、答复和签收情况，以及由证据生成的答复草稿 / an order, its answers, a draft."""
    with desk(site, write=False) as at:
        one = _meant(at, order)
        answers = [
            (each, supervision.files(at.connection, each.id))
            for each in supervision.answers(at.connection, one.id)
        ]
        text = _draft(at, one)
    if as_json_:
        told: dict[str, Any] = as_json(one, answers) | {"draft": text}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for shown in detail_lines(one, answers, lang, at.now):
        click.echo(shown)
    click.echo(pick(("\n答复草稿：", "\ndraft of an answer:"), lang))
    click.echo(text)


@orders.command("answer")
@click.pass_obj
@_ORDER
@signed
@click.option("--text", help="答复正文 / the answer.")
@click.option("--text-file", type=_FILE, help="从文件取正文，UTF-8 / the answer from a file.")
@click.option(
    "--draft", "with_draft", is_flag=True, help="正文后附自动整理的数据 / adds the draft."
)
@click.option("--file", "files", type=_FILE, multiple=True, help="附件，可多个 / goes with it.")
@PIN_FILE
@_JSON
@lang_option
def answer_(
    site: Path,
    order: str,
    by: str,
    why: str,
    text: str | None,
    text_file: Path | None,
    files: tuple[Path, ...],
    pin_file: Path | None,
    lang: Lang,
    *,
    with_draft: bool,
    as_json_: bool,
) -> None:
    """答复一条督办；经办人须在配置文件 people 里 / answer an order; --by is one of `people`."""
    if text is None and text_file is None and not with_draft:
        raise click.UsageError("应有其一 / one of --text, --text-file, --draft is needed")
    said = text if text_file is None else _read(text_file)
    sent = [attached(one.name, one.read_bytes()) for one in files]
    pin = pin_of(load_site(site)[0], by, pin_file)  # asked before anybody waits for the store
    with desk(site, write=True) as at:
        one = _meant(at, order)
        who, refused = _who(at, one, by, why=why, pin=pin)
        parts = [said or "", _draft(at, one) if with_draft else ""]
        body = "\n\n".join(part for part in parts if part.strip())
        number = 0
        if refused is None:
            number = answer(at.connection, one, by=who, why=why, text=body, files=sent, now=at.now)
    if refused is not None:
        raise refused
    if as_json_:
        click.echo(json.dumps({"supervision": one.id, "answer": number, "files": len(sent)}))
    else:
        told = pick(_ANSWERED, lang)
        click.echo(told.format(number=one.number, answer=number, files=len(sent)))
    sys.exit(0)


def _meant(at: Desk, order: str) -> Supervised:
    """Give the one order a person means. Raises `PaikouError`."""
    found = supervision.meant(at.connection, order)
    if len(found) == 1:
        return found[0]
    if not found:
        raise PaikouError(f"没有督办 / no such order: {order}")
    several = ", ".join(f"{one.id} ({one.station} {one.ref})" for one in found)
    raise PaikouError(f"{order}：不止一条，请写编号 / several, give the number: {several}")


def _who(
    at: Desk, one: Supervised, by: str, *, why: str, pin: str
) -> tuple[str, NotAllowed | None]:
    """Give who answers; who may not, or has not shown that it is he, is written down."""
    try:
        person = allowed(at.plan.site, by, ROLES)
        if missing := unproven(person, pin, needed=False):
            raise NotAllowed(f"--by {by}: {missing}")
    except NotAllowed as error:
        detail = {"id": one.id, "ref": one.ref, "refused": str(error), "why": why}
        journal.add(at.connection, "supervision not answered", detail, at=at.now, who=by)
        return "", error
    return f"{person.id} {person.name}", None


def _draft(at: Desk, one: Supervised) -> str:
    found = gather(
        at.connection,
        at.plan,
        at.names,
        station=one.station,
        outlet=one.outlet,
        start=one.start,
        end=one.end,
        now=at.now,
    )
    return draft(one.number, found)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PaikouError(f"{path}: 不是 UTF-8 文本 / not UTF-8 text") from None
