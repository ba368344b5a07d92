"""`paikou recompute SITE --samples FILE`: statistics again, from the samples alone."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from agent.errors import StoreError
from agent.model import Mark, Sample
from agent.plan import Plan, make_plan
from agent.settings import load_site
from agent.settings.storage import state_directory
from agent.store import series
from agent.store.db import FILE_NAME, connect
from agent.tools.recompute import telling
from agent.tools.recompute.compare import Comparison, Difference
from agent.tools.recompute.course import Recomputed, spaced
from agent.tools.recompute.csv_rows import instant
from agent.tools.recompute.lines import TOTAL, TimeForm
from agent.tools.recompute.marks_file import marks
from agent.tools.recompute.order import Survey, Told, ordered
from agent.tools.recompute.replay import replay

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Instant(click.ParamType[float]):
    """A local ISO time or date."""

    name = "时间 / time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return instant(str(value))
        except ValueError:
            self.fail(f"{value!r}：应为 / allowed 2026-03-05, 2026-03-05T08:00", param, ctx)


@click.command()
@click.argument("site", type=_FILE)
@click.option(
    "--samples",
    required=True,
    multiple=True,
    type=_FILE,
    help="原始样本，可多个 / CSV: at,outlet,factor,value,flag; several are one",
)
@click.option(
    "--marks", "marks_file", type=_FILE, help="标记 / CSV: outlet,factor,kind,code,start,end"
)
@click.option(
    "--from", "since", type=_Instant(), help="只输出自此开始的时段 / periods from here on"
)
@click.option("--to", "until", type=_Instant(), help="只输出此前开始的时段 / periods before this")
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象 / one JSON object a line")
@click.option(
    "--store", "against", is_flag=True, help="与库中数据逐项比对 / print what differs in the store"
)
def recompute(
    site: Path,
    samples: tuple[Path, ...],
    marks_file: Path | None,
    since: float | None,
    until: float | None,
    *,
    as_json: bool,
    against: bool,
) -> None:
    """由原始样本重算分钟、小时、日、月 / make minutes, hours, days and months again from samples.

    The functions are those of the daemon. A value is the factor's own judged sample, in its wire
    unit and basis; its flag stands. A batch result stands at its time of sampling, the counter of a
    flow as `w00000:total` or in a column `total`, in m3. How many samples a minute should hold
    follows from the file's own spacing. What `paikou export` writes of samples and of results are
    such files, each a --samples. With --store only the differences are printed, not what the store
    has yet to close; the exit code is 1 where there are any.
    """
    plan = make_plan(load_site(site)[0])
    named = {outlet.id: outlet.factors.keys() for outlet in plan.outlets.values()}
    found_marks = [] if marks_file is None else marks(marks_file, named)

    def known(outlet: str, factor: str) -> bool:
        code = factor.removesuffix(TOTAL)
        one = plan.outlets[outlet].factors.get(code) if outlet in plan.outlets else None
        return one is not None and (code == factor or bool(one.counter_points))

    with _progress() as told, ordered(samples, known, told=told) as (look, lines):
        rows = (
            row
            for row in _replayed(plan, look, lines, found_marks)
            if (since is None or row.reported.period.start >= since)
            and (until is None or row.reported.period.start < until)
        )
        if against:
            differs = _compare(plan, look.form, rows, as_json=as_json)
            click.get_current_context().exit(1 if differs else 0)
        if not as_json:
            click.echo(",".join(telling.COLUMNS))
        line = telling.json_line if as_json else telling.csv_line
        for row in rows:
            click.echo(line(row, look.form))


def _replayed(
    plan: Plan, look: Survey, lines: Iterable[Sample], marks: Sequence[Mark]
) -> Iterator[Recomputed]:
    outlets = []
    for outlet in plan.outlets.values():
        present = {factor for owner, factor in look.factors if owner == outlet.id}
        spacing = {
            factor: gap for (owner, factor), gap in look.spacing_s.items() if owner == outlet.id
        }
        if present:
            outlets.append(spaced(outlet, spacing, present))
    return replay(outlets, lines, marks=marks)


def _compare(plan: Plan, form: TimeForm, rows: Iterable[Recomputed], *, as_json: bool) -> bool:
    """Print every difference; says whether there was any."""
    path = state_directory(plan.site) / FILE_NAME
    if not path.is_file():
        raise StoreError(f"{path}: 没有这个库 / no such store")
    count = 0
    with contextlib.closing(connect(path, read_only=True)) as connection:
        comparison = Comparison(connection, series.load(connection))
        for row in rows:
            for one in comparison.differences(row.reported):
                count += 1
                _print(one, form, as_json=as_json)
        for one in comparison.rest():
            count += 1
            _print(one, form, as_json=as_json)
    told = f"{count} 处不同 / differences"
    if comparison.before:
        told += f"；{comparison.before} 个时段早于库中首个 / periods before the store's first"
    if comparison.pending:
        told += f"；{comparison.pending} 个时段库中尚未结束 / periods the store has not closed yet"
    click.echo(told, err=True)
    return count > 0


def _print(one: Difference, form: TimeForm, *, as_json: bool) -> None:
    told = {
        "outlet": one.outlet,
        "factor": one.factor,
        "period": telling.NAMES[one.period.kind],
        "start": form.text(one.period.start),
        "field": one.field,
        "recomputed": one.recomputed,
        "stored": one.stored,
    }
    click.echo(
        json.dumps(told, ensure_ascii=False) if as_json else ",".join(map(str, told.values()))
    )


@contextlib.contextmanager
def _progress() -> Iterator[Told]:
    """Show on a terminal how many lines were read; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    read = 0

    def told(lines: int) -> None:
        nonlocal read
        read += lines
        if read % 100_000 == 0:
            click.echo(f"\r{read:,} 行 / lines", nl=False, err=True)

    yield told
    click.echo("\r\x1b[K", nl=False, err=True)
