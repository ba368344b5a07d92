"""One period out of its parts: validity, cause, mean. The amount is added by `amounts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.gas import INVALID_INPUT
from agent.model import Cause, Period, Statistic
from agent.stats.causes import dominant
from agent.stats.means import Mean, converted_mean, energetic_mean, mean, shown
from agent.stats.parts import Part
from agent.stats.rule import PeriodRule

# Needs such as 0.75 x due are compared with this much room for binary fractions.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Tally:
    """How a period is to be counted.

    `due` parts should have been there and `needed` of them must be normal. `missing` pieces have
    no row at all and count as `absent`. `aside` are rows that left `due` and the mean and only
    have a say in the cause. `weights` are volumes by start of part. `converts`: the parts bring
    their own converted values.
    """

    due: int
    needed: float
    missing: int = 0
    absent: Cause = Cause.NO_LINK
    aside: Sequence[Part] = ()
    weights: Mapping[float, float] = field(default_factory=dict)
    cause: Cause | None = None
    converts: bool = True


def summary(rule: PeriodRule, period: Period, parts: Sequence[Part], *, tally: Tally) -> Statistic:
    """Make the statistic of a period, without its amount.

    A valid one is made of its normal parts alone, an invalid one has the cause of STAT-06 and
    reports what `shown` chooses.
    """
    normal = [part for part in parts if part.cause is Cause.NORMAL]
    valid = bool(normal) and tally.due > 0 and len(normal) >= tally.needed - _ROUNDING
    cause = Cause.NORMAL if valid else _cause(parts, tally)
    chosen = shown(parts, cause)
    value = energetic_mean(chosen) if rule.energetic else mean(chosen, tally.weights)
    zs = converted_mean(chosen) if tally.converts else Mean()
    # A valid row vouches for its converted value too, so that needs as many parts as the value.
    converted = Mean() if valid and zs.of < tally.needed - _ROUNDING else zs
    return Statistic(
        outlet=rule.outlet,
        factor=rule.factor,
        period=period,
        avg=value.avg,
        min=value.low,
        max=value.high,
        cou=None,
        cause=cause,
        abnormal=_abnormal(parts, tally, cause),
        share=min(1.0, len(normal) / tally.due) if tally.due else 0.0,
        valid=valid,
        parts=value.of,
        due=tally.due,
        reason="; ".join(
            (
                *_reasons(value, valid=valid, tally=tally, normal=normal),
                *_unconverted(rule, zs, converted, tally=tally, normal=normal),
            )
        ),
        weighted=value.weighted,
        zs_avg=converted.avg,
        zs_min=converted.low,
        zs_max=converted.high,
    )


def _cause(parts: Sequence[Part], tally: Tally) -> Cause:
    if tally.cause is not None:
        return tally.cause
    found = dominant(
        [part.cause for part in (*parts, *tally.aside)] + [tally.absent] * tally.missing
    )
    return tally.absent if found is Cause.NORMAL else found


def _abnormal(parts: Sequence[Part], tally: Tally, cause: Cause) -> Cause:
    found = dominant(
        [part.trouble for part in (*parts, *tally.aside)] + [tally.absent] * tally.missing
    )
    return cause if found is Cause.NORMAL else found


def _reasons(value: Mean, *, valid: bool, tally: Tally, normal: Sequence[Part]) -> Iterator[str]:
    if not valid and tally.due:
        yield f"{len(normal)} of {tally.due} normal, {tally.needed:g} needed"
    if valid and value.weighted and value.of < len(normal):
        yield f"weighted over {value.of} of {len(normal)}"


def _unconverted(
    rule: PeriodRule, zs: Mean, converted: Mean, *, tally: Tally, normal: Sequence[Part]
) -> Iterator[str]:
    """Say why there is no converted value where there should be one."""
    wanted = zs.of or (rule.correction is not None and tally.converts and normal)
    if wanted and not converted.of:
        of = "" if rule.correction is None else f"{rule.correction.oxygen}, "
        yield f"{INVALID_INPUT}: {of}{zs.of} of {len(normal)} converted"
