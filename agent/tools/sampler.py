"""`paikou sampler SITE list|keep|confirm|release|label`: a person's hand on the bottles."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from agent.errors import Lang, PaikouError
from agent.releasing import bottle_act
from agent.settings import Site, load_site
from agent.settings.storage import state_directory
from agent.store import bottles
from agent.store.bottles import Bottle
from agent.tools.acts import do, finish
from agent.tools.bottle_label import label_svg
from agent.tools.bottle_lines import bottle_line
from agent.tools.open_store import open_store
from agent.tools.persons import PIN_FILE, pin_of
from agent.tools.seal_photo import keep_photo
from agent.tools.words import lang_option, pick

_NONE = ("没有留样", "no bottles")
_ORDERED = (
    "{outlet}：已下令留样 {bottles} 瓶（命令 {action}）",
    "{outlet}: {bottles} ordered ({action})",
)
_CONFIRMED = ("{code}：已确认未被动过", "{code}: found as it was")
_RELEASED = ("{code}：已放行", "{code}: released")
_HANDED = ("{code}：已放行并交给 {to}，封签照片 {seal}", "{code}: handed to {to}, seal {seal}")
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON.")
_BY = click.option("--by", required=True, help="经办人 / who (id or name in `people`).")
_WHY = click.option("--why", required=True, help="原因 / why.")


@click.group("sampler")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def sampler(context: click.Context, site: Path) -> None:
    """Bottles kept at a site: what there is, keep one, confirm, release, print a label."""
    context.obj = site


@sampler.command("list")
@click.option("--all", "gone_too", is_flag=True, help="连同已取走的 / those that are gone, too.")
@_JSON
@lang_option
@click.pass_obj
def list_(site_file: Path, gone_too: bool, as_json: bool, lang: Lang) -> None:
    """List the bottles, newest first."""
    site, _ = load_site(site_file)
    with open_store(site, read_only=True) as connection:
        found = bottles.newest(connection)
    shown = [one for one in found if gone_too or one.gone_at is None]
    if as_json:
        plain = [dataclasses.asdict(one) for one in shown]
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    for one in shown:
        click.echo(bottle_line(one, lang))
    if not shown:
        click.echo(pick(_NONE, lang))


@sampler.command()
@click.option("--outlet", default="", help="排放口 / outlet; wanted where several have samplers.")
@click.option("--bottles", "count", type=click.IntRange(1, 6), default=1, show_default=True)
@_BY
@_WHY
@_JSON
@lang_option
@click.pass_obj
def keep(
    site_file: Path, outlet: str, count: int, by: str, why: str, as_json: bool, lang: Lang
) -> None:
    """Keep bottles by hand (手动留样): ordered now, filled by the daemon."""
    question = {
        "ask": "sampler", "do": "keep", "outlet": outlet, "bottles": count, "who": by, "why": why,
    }  # fmt: skip
    done = do(site_file, question, bottle_act)
    text = "" if "error" in done else pick(_ORDERED, lang).format(**done)
    finish(done, text, as_json=as_json, lang=lang)


@sampler.command()
@click.argument("code")
@_BY
@_WHY
@PIN_FILE
@_JSON
@lang_option
@click.pass_obj
def confirm(
    site_file: Path, code: str, by: str, why: str, pin_file: Path | None, as_json: bool, lang: Lang
) -> None:
    """Confirm that a touched bottle is as it was (门开过之后)."""
    question = _signed("confirm", site_file, code, by, why=why, pin_file=pin_file)
    done = do(site_file, question, bottle_act)
    text = "" if "error" in done else pick(_CONFIRMED, lang).format(**done)
    finish(done, text, as_json=as_json, lang=lang)


@sampler.command()
@click.argument("code")
@click.option("--to", default="", help="交给谁 / who takes it; with --seal.")
@click.option(
    "--seal",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="封签照片 / photo of the seal.",
)
@_BY
@_WHY
@PIN_FILE
@_JSON
@lang_option
@click.pass_obj
def release(
    site_file: Path,
    code: str,
    to: str,
    seal: Path | None,
    by: str,
    why: str,
    pin_file: Path | None,
    as_json: bool,
    lang: Lang,
) -> None:
    """Release a bottle (放行); with --to and --seal it is handed over, too (交接)."""
    question = _signed("release", site_file, code, by, why=why, pin_file=pin_file)
    if seal is not None:
        kept = keep_photo(seal, state_directory(load_site(site_file)[0]))
        question |= {"seal": kept.name, "seal_sha256": kept.sha256}
    done = do(site_file, {**question, "to": to}, bottle_act)
    text = ""
    if "error" not in done:
        text = pick(_HANDED if done["to"] else _RELEASED, lang).format(**done)
    finish(done, text, as_json=as_json, lang=lang)


@sampler.command()
@click.argument("code")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="SVG; 默认标准输出")
@click.pass_obj
def label(site_file: Path, code: str, output: Path | None) -> None:
    """Print a bottle's label (瓶签) as SVG, 80 × 50 mm."""
    site, _ = load_site(site_file)
    text = label_svg(_bottle(site, code), site)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _bottle(site: Site, code: str) -> Bottle:
    with open_store(site, read_only=True) as connection:
        found = bottles.find(connection, code)
    if found is None:
        raise PaikouError(f"{code}: 没有这瓶 / no such bottle")
    return found


def _signed(
    deed: str, site_file: Path, code: str, by: str, *, why: str, pin_file: Path | None
) -> dict[str, Any]:
    """Give the question with the pin of the one who signs, where he has one."""
    question = {"ask": "sampler", "do": deed, "code": code, "who": by, "why": why}
    pin = pin_of(load_site(site_file)[0], by, pin_file)
    return question | ({"pin": pin} if pin else {})
