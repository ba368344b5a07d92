"""`paikou values SITE compare`: a laboratory's comparison, judged and kept (HJ 355-2019 §8, K)."""

from __future__ import annotations

from pathlib import Path

import click

from agent.desk import MarkError
from agent.errors import Lang
from agent.store.checks import CheckRecord
from agent.substitution import Verdict, agrees, comparison_passes
from agent.tools.checks import SAME, VERDICTS, keep, known_factor
from agent.tools.hand import Number, attachment, desk, signed, span_options
from agent.tools.words import lang_option, pick

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LEAST = 3
"""Pairs of a comparison of water (HJ 355-2019 §8, K)."""

Pair = tuple[float, float]


class _Pair(click.ParamType[Pair]):
    """What the instrument said and what the laboratory found."""

    name = "仪器:实验室"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Pair:
        reading, colon, reference = str(value).partition(":")
        if not colon:
            self.fail(f"{value!r}：应为 / allowed 33.0:30.5", param, ctx)
        number = Number()
        return number.convert(reading, param, ctx), number.convert(reference, param, ctx)


@click.command("compare")
@click.pass_obj
@click.option("--outlet", required=True, help="排放口 / outlet.")
@click.option("--factor", required=True, help="因子编码 / factor code.")
@click.option(
    "--pair", "pairs", type=_Pair(), multiple=True, help="仪器值:实验室值，一对一次 / a pair each."
)
@click.option(
    "--verdict",
    type=click.Choice(["pass", "fail"]),
    help="报告的结论；只用于本机没有判定规则的（废气校验等） / the report's, where no rule judges.",
)
@click.option("--file", "laboratory", type=_FILE, help="实验室报告 / the laboratory's file.")
@span_options(needed=True)
@signed
@lang_option
def compare(
    site: Path,
    outlet: str,
    factor: str,
    pairs: tuple[Pair, ...],
    verdict: str | None,
    laboratory: Path | None,
    since: float,
    until: float,
    *,
    by: str,
    why: str,
    lang: Lang,
) -> None:
    """录入一次实际水样比对或废气校验 / enter a comparison with the laboratory; it is judged."""
    with desk(site, write=True) as at:
        known_factor(at, outlet, factor, since=since, until=until)
        water = at.plan.outlets[outlet].medium == "water"
        found = _verdict(factor, pairs, verdict, water=water)
        told = CheckRecord(
            outlet,
            factor,
            "comparison" if water else "accuracy",
            int(since),
            int(until),
            found,
            channel="manual",
            detail={"why": why, "pairs": pairs, "file": attachment(laboratory)},
            made_by=by,
            made_at=at.now,
        )
        number = keep(at, told)
    words = f"{number:>6}  {told.kind} {pick(VERDICTS[found], lang)}" if number else ""
    click.echo(words or pick(SAME, lang))


def _verdict(factor: str, pairs: tuple[Pair, ...], said: str | None, *, water: bool) -> Verdict:
    """Judge a comparison of water; take the report's word for a reference test of gas.

    Its relative accuracy has a term of confidence that pairs alone do not give here (K).
    Raises MarkError.
    """
    if water and agrees(factor, 0.0, 0.0) is not None:
        passes = comparison_passes(factor, pairs)
        if passes is None:
            allowed = f"--pair ≥ {_LEAST}"
            raise MarkError(f"{factor}: {len(pairs)} --pair；应为 / allowed {allowed}")
        if said is not None and passes is not (said == "pass"):
            raise MarkError(f"{factor}: --verdict {said}：按规则相反 / the rule says otherwise")
        return Verdict.PASS if passes else Verdict.FAIL
    if said is None:
        raise MarkError(f"{factor}: 没有判定规则 / no rule；应为 / allowed --verdict pass|fail")
    # a reference test of gas outside of its band means out of control (HJ 75-2017 §11.6, K)
    failed = Verdict.FAIL if water else Verdict.OUT_OF_CONTROL
    return Verdict.PASS if said == "pass" else failed
