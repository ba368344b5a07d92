"""`paikou export SITE`: samples, statistics, results, events or marks of an interval."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, TextIO

import click

from agent.desk import Desk
from agent.errors import Lang
from agent.store import journal
from agent.tools.export import conditions, rows
from agent.tools.export.row import Row, Wanted
from agent.tools.export.table import WHATS, What, columns, heading
from agent.tools.export.writers import CsvWriter, JsonLinesWriter, Writer
from agent.tools.hand import SITE, desk, person, span_options
from agent.tools.words import cannot_write, lang_option, local_time, pick

Format = Literal["csv", "xlsx", "jsonl"]
_NO_XLSX = (
    "xlsx 需要 openpyxl：pip install 'paikou[export]'，或用 --format csv",
    "xlsx needs openpyxl: pip install 'paikou[export]', or use --format csv",
)
_NO_OUTPUT = ("xlsx 要写到文件：加 --output", "xlsx goes to a file: give --output")
_REVERSED = ("--to 应晚于 --from", "--to must be later than --from")
_UNKNOWN = ("站点没有 {found}；有：{known}", "the site has no {found}; it has: {known}")
_DONE = ("已导出 {count} 行到 {path}", "{count} rows written to {path}")


@click.command("export")
@SITE
@click.option("--what", type=click.Choice(WHATS), required=True, help="导出什么 / what.")
@span_options(needed=True)
@click.option("--outlet", default="", help="排放口；不写即全部 / outlet; default all.")
@click.option("--factor", "factors", multiple=True, help="因子，可多个；不写即全部 / factor.")
@click.option("--by", "by", type=click.Choice(["condition"]), help="按工况分组 / by condition.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "xlsx", "jsonl"]),
    default="csv",
    help="格式；默认 csv / form; default csv.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="文件 / file.")
@lang_option
def export(
    site: Path,
    what: What,
    since: float,
    until: float,
    outlet: str,
    factors: tuple[str, ...],
    by: str | None,
    form: Format,
    output: Path | None,
    *,
    lang: Lang,
) -> None:
    """导出一段时间的数据；--to 不含在内 / what the store holds of [--from, --to)."""
    if until <= since:
        raise click.UsageError(pick(_REVERSED, lang))
    if form == "xlsx" and output is None:
        raise click.UsageError(pick(_NO_OUTPUT, lang))
    wanted = Wanted(what, since, until, lang, outlet, factors)
    with desk(site, write=True) as at:
        _check(at, wanted)
        _journal(at, wanted, form, by)
    with desk(site, write=False) as at:
        wanted = replace(wanted, names=at.names, outlets=at.plan.outlets)
        found = _found(at, wanted, by=by)
        try:
            count = _write(found, wanted, form, output, by=by)
        except OSError as error:
            raise cannot_write(output or Path("-"), error, lang) from error
    if output is not None:
        click.echo(pick(_DONE, lang).format(count=count, path=output), err=True)


def _check(at: Desk, wanted: Wanted) -> None:
    """Refuse an outlet or factor that nothing was ever stored of."""
    outlets = sorted({key[0] for key in at.names.series})
    codes = sorted({key[1] for key in at.names.series if wanted.outlet in ("", key[0])})
    given = [(wanted.outlet, outlets)] if wanted.outlet else []
    for found, known in (*given, *((code, codes) for code in wanted.factors)):
        if found not in known:
            said = pick(_UNKNOWN, wanted.lang).format(found=found, known=", ".join(known))
            raise click.UsageError(said)


def _journal(at: Desk, wanted: Wanted, form: Format, by: str | None) -> None:
    """Note who takes what out, before it is taken: an export that breaks off was one too."""
    detail = {
        "what": wanted.what,
        "from": local_time(wanted.start),
        "to": local_time(wanted.end),
        "outlet": wanted.outlet,
        "factors": list(wanted.factors),
        "by": by or "",
        "format": form,
    }
    journal.add(at.connection, "export", detail, at=at.now, who=person())


def _found(at: Desk, wanted: Wanted, *, by: str | None) -> Callable[[], Iterator[Row]]:
    def read() -> Iterator[Row]:
        return rows.read(at.connection, wanted)

    if by is None:
        return read
    outlets = {key[0] for key in at.names.series}
    spans = conditions.spans(at.connection, outlets, wanted.start, wanted.end)
    return lambda: conditions.grouped(read, spans, none=conditions.NONE[wanted.lang])


def _write(
    found: Callable[[], Iterator[Row]],
    wanted: Wanted,
    form: Format,
    output: Path | None,
    *,
    by: str | None,
) -> int:
    keys = columns(wanted.what, by_condition=by is not None)
    count = 0
    with _opened(form, output, keys, wanted) as writer:
        for row in _shown(found(), wanted, several=by is not None):
            writer.row([row.cells.get(key) for key in keys])
            count += 1
    return count


@contextlib.contextmanager
def _opened(
    form: Format, output: Path | None, keys: tuple[str, ...], wanted: Wanted
) -> Iterator[Writer]:
    """Open the output. A file has its name only when it is whole."""
    headings = [heading(key, wanted.lang) for key in keys]
    if output is None:
        yield _text_writer(form, sys.stdout, keys, headings)
        return
    part = output.with_name(f".{output.name}.part")
    try:
        if form == "xlsx":
            writer = _xlsx(part, headings, wanted)
            yield writer
            writer.close()
        else:
            # table programs know UTF-8 by its mark
            encoding = "utf-8-sig" if form == "csv" else "utf-8"
            with part.open("w", encoding=encoding, newline="") as file:
                yield _text_writer(form, file, keys, headings)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _text_writer(
    form: Format, file: TextIO, keys: tuple[str, ...], headings: list[str]
) -> CsvWriter | JsonLinesWriter:
    return JsonLinesWriter(file, keys) if form == "jsonl" else CsvWriter(file, headings)


def _xlsx(path: Path, headings: list[str], wanted: Wanted) -> Writer:
    try:
        from agent.tools.export.xlsx import XlsxWriter  # the library is an extra
    except ModuleNotFoundError as error:
        raise click.ClickException(pick(_NO_XLSX, wanted.lang)) from error
    return XlsxWriter(path, headings, name=wanted.what)


def _shown(found: Iterable[Row], wanted: Wanted, *, several: bool) -> Iterator[Row]:
    """Show on a terminal how far in time it is; nothing in a pipe.

    Grouped by condition the interval is gone through once for each group: the bar stands still
    at its end.
    """
    if not sys.stderr.isatty():
        yield from found
        return
    length = max(1, int(wanted.end - wanted.start))
    with click.progressbar(length=length, file=sys.stderr, show_pos=False) as bar:
        for row in found:
            reached = min(length, max(0, int(row.start - wanted.start)))
            if reached > bar.pos and not (several and bar.pos >= length):
                bar.update(reached - bar.pos)
            yield row
        bar.update(length - bar.pos)
