"""`paikou new`: a commented site file to start from."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from agent.errors import Lang
from agent.settings.config import config_directory
from agent.settings.messages import language
from agent.tools.words import cannot_write

# What a template holds where a site has its own, and what an answer must look like.
_UNIT_CODE, _UNIT_NAME = "91000000000000000X001P", "示例企业"
_MN, _ADDRESS = "010000A8900016F000169DC0", "mqtt://127.0.0.1:1883"
_QUESTIONS: tuple[tuple[str, tuple[str, str], str], ...] = (
    (_UNIT_NAME, ("单位名称", "Name of the unit"), r"\S.*"),
    (_UNIT_CODE, ("污染源编码（22 位）", "Source code (22 characters)"), r"[0-9A-Za-z]{1,32}"),
    (_MN, ("MN（24 位，0-9 A-F）", "MN (24 characters 0-9 A-F)"), r"[0-9A-Za-z_.-]{1,24}"),
    (_ADDRESS, ("平台 MQTT 地址", "Address of the broker"), r"mqtts?://[^\s/@\"#]+"),
)
_PLAIN = re.compile(r"(?!null$|Null$|NULL$)[^\W_][\w()（）·-]*")
_WORDS: dict[Lang, dict[str, str]] = {
    "zh": {
        "unknown": "没有 {kind} 的模板；可用：{known}",
        "exists": "{file} 已存在；要覆盖请加 --force",
        "form": "格式不对",
        "written": "已写入 {file}；下一步：paikou check {file}",
    },
    "en": {
        "unknown": "no template for {kind}; there is: {known}",
        "exists": "{file} is there already; --force overwrites it",
        "form": "wrong form",
        "written": "{file} written; next: paikou check {file}",
    },
}


@click.command("new")
@click.argument("kind")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="写入文件 / write to FILE."
)
@click.option("--force", is_flag=True, help="覆盖已有文件 / overwrite FILE.")
def new(kind: str, output: Path | None, force: bool) -> None:
    """生成带注释的配置文件 / write a commented site file.

    KIND: cement, incineration, paper, plating, thermal-power, wastewater.
    """
    words = _WORDS[language()]
    if kind not in kinds():
        known = ", ".join(kinds())
        raise click.UsageError(words["unknown"].format(kind=kind, known=known))
    text = template(kind)
    if output is None:
        click.echo(text, nl=False)
        return
    if output.exists() and not force:
        raise click.UsageError(words["exists"].format(file=output))
    if sys.stdin.isatty() and sys.stderr.isatty():
        text = fill(text, ask(language()))
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(output, error, language()) from error
    click.echo(words["written"].format(file=output), err=True)


def kinds() -> list[str]:
    """Give the kinds of site there is a template for."""
    return sorted(path.stem for path in (config_directory() / "sites").glob("*.yaml"))


def template(kind: str) -> str:
    """Give the template of a kind, with the schema line pointing to where the schema is."""
    config = config_directory()
    text = (config / "sites" / f"{kind}.yaml").read_text(encoding="utf-8")
    return text.replace("$schema=../schema/", f"$schema={config.resolve() / 'schema'}/", 1)


def ask(lang: Lang) -> dict[str, str]:
    """Ask on the terminal for what every site has its own of; gives template value -> answer."""
    answers: dict[str, str] = {}
    for given, words, form in _QUESTIONS:

        def right(answer: str, form: str = form) -> str:
            if re.fullmatch(form, answer.strip()) is None:
                raise click.BadParameter(_WORDS[lang]["form"])
            return answer.strip()

        question = words[0] if lang == "zh" else words[1]
        answers[given] = click.prompt(question, default=given, value_proc=right, err=True)
    return answers


def fill(text: str, answers: Mapping[str, str]) -> str:
    """Put answers in the place of the template's values, quoted where YAML needs it."""
    for given, answer in answers.items():
        quoted = f'"{given}"' in text
        plain = quoted or _PLAIN.fullmatch(answer) is not None
        text = text.replace(given, answer if plain else json.dumps(answer, ensure_ascii=False), 1)
    return text
