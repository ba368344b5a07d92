"""`paikou verify FILE`: says whether a bundle or a store is as it was sealed and signed."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from agent.errors import Lang, StoreError
from agent.store.db import SCHEMA_VERSION, connect, schema_version
from agent.tools.verify.bundle import Verdict, verify_bundle
from agent.tools.verify.contents import UNFIT
from agent.tools.verify.sealed import Fault, Looked
from agent.tools.verify.store import verify_store
from agent.tools.words import JSON, lang_option, local_time, pick

_SQLITE = b"SQLite format 3\x00"
_LONGEST = 400
"""Characters of a line."""
_WORDS = {
    "whole": ("✓ 完整：{name}", "✓ whole: {name}"),
    "broken": ("■ 不完整：{name}", "■ NOT WHOLE: {name}"),
    "fault": ("  {what}：{where}", "  {what}: {where}"),
    "more": ("  另有 {n} 处", "  and {n} more"),
    "bundle": (
        "  单位 {unit}，时段 {begin} 至 {end}，生成于 {made}；文件 {files} 个",
        "  unit {unit}, {begin} to {end}, made {made}; {files} files",
    ),
    "looked": (
        "  日志 {lines} 行，封存 {seals} 段共 {rows} 行，迟到 {late} 行，标记、留样等 {told} 条，"
        "签名 {signed} 个；已清理 {pruned} 段，尚未封存 {unsealed} 行",
        "  journal {lines} lines, {seals} seals of {rows} rows, {late} late rows, {told} marks, "
        "bottles and such, {signed} signed heads; {pruned} seals pruned, {unsealed} rows not "
        "sealed yet",
    ),
    "outside": (
        "  日志另有 {n} 段封存在本包时段之外",
        "  {n} more seals of its journal are of other times",
    ),
    "strange": (
        "▲ 日志里的每日签名出自另一公钥 {key}",
        "▲ the signed heads in its journal are of another key, {key}",
    ),
    "head": ("  日志末行 {head}", "  the journal's head is {head}"),
    "own": (
        "  公钥 {key} 取自文件本身；请与平台收到的公钥核对，或用 --key",
        "  key {key} is the file's own: compare it with the one the platform got, or use --key",
    ),
    "given": ("  公钥 {key} 与给定的一致", "  key {key} is the one given"),
    "old": (
        "{path}：数据库版本 {found}，应为 {wanted}；先运行 paikou migrate",
        "{path}: schema version {found}, {wanted} expected; run paikou migrate first",
    ),
}


_FAULTS = {
    "form": "格式", "key": "公钥", "signature": "签名", "files": "文件", "chain": "日志链",
    "head": "日志末行", "rows": "行数", "changed": "被改动", "hole": "封存缺段",
}  # fmt: skip
"""What does not fit, in Chinese; where, stands as in `--json`."""


@click.command("verify")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--key", help="应有的签名公钥，64 位十六进制 / key it must be signed with.")
@click.option("--head", help="公布过的日志哈希，须在其中 / a published hash of the journal.")
@JSON
@lang_option
def verify(file: Path, key: str | None, head: str | None, as_json: bool, lang: Lang) -> None:
    """离线核验证据包或数据库；不符则退出码 1 / check a bundle or a store offline; 1 if it fails."""
    with file.open("rb") as opened:
        is_store = opened.read(len(_SQLITE)) == _SQLITE
    if is_store:
        looked = _store(file, head, key, lang=lang)
        told, faults, lines = asdict(looked), looked.faults, _looked(looked, lang)
    else:
        verdict = verify_bundle(file, key=key, head=head)
        told, faults, lines = asdict(verdict), verdict.faults, _bundle(verdict, lang)
    if as_json:
        click.echo(json.dumps({"file": str(file), "whole": not faults, **told}))
    else:
        click.echo(_say("broken" if faults else "whole", lang, name=file))
        for line in (*_faults(faults, lang), *lines):
            click.echo(_plain(line))
    if faults:
        sys.exit(1)


def _store(file: Path, head: str | None, key: str | None, *, lang: Lang) -> Looked:
    try:
        found = schema_version(file)
        if found != SCHEMA_VERSION:
            raise StoreError(_say("old", lang, path=file, found=found, wanted=SCHEMA_VERSION))
        with contextlib.closing(connect(file, read_only=True)) as connection:
            connection.execute("BEGIN")
            return verify_store(connection, head=head, key=key)
    except UNFIT as error:
        return Looked(faults=[Fault("form", f"cannot be read: {error}")])


def _faults(faults: list[Fault], lang: Lang) -> Iterator[str]:
    """Name the first things that do not fit."""
    shown = faults[:5]
    for one in shown:
        what = pick((_FAULTS.get(one.what, one.what), one.what), lang)
        yield _say("fault", lang, what=what, where=one.where)
    if len(faults) > len(shown):
        yield _say("more", lang, n=len(faults) - len(shown))


def _looked(looked: Looked, lang: Lang) -> Iterator[str]:
    yield _say("looked", lang, **asdict(looked))
    yield _say("head", lang, head=looked.head)


def _bundle(verdict: Verdict, lang: Lang) -> Iterator[str]:
    if verdict.made_at is not None:
        begin, end = local_time(verdict.begin), local_time(verdict.end)
        made = local_time(verdict.made_at)
        where = {"unit": verdict.unit, "begin": begin, "end": end, "made": made}
        yield _say("bundle", lang, **where, files=verdict.files)
        yield _say("looked", lang, **asdict(verdict.looked))
        if verdict.looked.outside:
            yield _say("outside", lang, n=verdict.looked.outside)
    if verdict.key and (verdict.own_key or all(one.what != "key" for one in verdict.faults)):
        yield _say("own" if verdict.own_key else "given", lang, key=verdict.key)
    if verdict.looked.key not in ("", verdict.key):
        yield _say("strange", lang, key=verdict.looked.key)


def _plain(line: str) -> str:
    """Give a line without what moves a terminal's cursor: a file says what it likes."""
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in line)[:_LONGEST]


def _say(word: str, lang: Lang, **values: object) -> str:
    return pick(_WORDS[word], lang).format(**values)
