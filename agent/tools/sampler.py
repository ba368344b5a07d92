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
from agent.tools.hand import site_group
from agent.tools.open_store import open_store
from agent.tools.persons import PIN_FILE, pin_of
from agent.tools.seal_photo import keep_photo
from agent.tools.words import JSON, cannot_write, lang_option, pick

_NONE = ("没有留样", "no bottles")
_ORDERED = (
    "{outlet}：已下令留样 {bottles} 瓶（命令 {action}）",
    "{outlet}: {bottles} ordered ({action})",
)
_CONFIRMED = ("{code}：已确认未被动过", "{code}: found as it was")
_RELEASED = ("{code}：已放行", "{code}: released")
_HANDED = ("{code}：已放行并交给 {to}，封签照片 {seal}", "{code}: handed to {to}, seal {seal}")
_BY = click.option("--by", required=True, help="经办人（people 里的编号或姓名）/ who.")
_WHY = click.option("--why", required=True, help="原因 / why.")


sampler = site_group(
    "sampler", "留样：列出、留样、核对、放行、标签 / bottles: list, keep, confirm, release, label."
)


@sampler.command("list")
@click.option("--all", "gone_too", is_flag=True, help="连同已取走的 / those that are gone, too.")
@JSON
@lang_option
@click.pass_obj
def list_(site_file: Path, gone_too: bool, as_json: bool, lang: Lang) -> None:
    """列出留样，最新的在前 / list the bottles, newest first."""
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
@click.option(
    "--outlet", default="", help="排放口；多台采样器时必写 / outlet, where several have one."
)
@click.option(
    "--bottles", "count", type=click.IntRange(1, 6), default=1, show_default=True,
    help="瓶数 / how many.",
)  # fmt: skip
@_BY
@_WHY
@JSON
@lang_option
@click.pass_obj
def keep(
    site_file: Path, outlet: str, count: int, by: str, why: str, as_json: bool, lang: Lang
) -> None:
    """手动留样：现在下令，由守护进程执行 / keep bottles by hand; the daemon has it done."""
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
@JSON
@lang_option
@click.pass_obj
def confirm(
    site_file: Path, code: str, by: str, why: str, pin_file: Path | None, as_json: bool, lang: Lang
) -> None:
    """门开过之后核对：这瓶未被动过 / confirm that a bottle is as it was."""
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
@JSON
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
    """放行；加 --to 和 --seal 即同时移交 / release a bottle; with those two, hand it over."""
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
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="写入文件，默认标准输出 / file.",
)
@lang_option
@click.pass_obj
def label(site_file: Path, code: str, output: Path | None, lang: Lang) -> None:
    """瓶签，SVG，80 × 50 mm / a bottle's label."""
    site, _ = load_site(site_file)
    text = label_svg(_bottle(site, code), site)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise cannot_write(output, error, lang) from error


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
