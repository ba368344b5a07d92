"""Means and extremes. Sums are exact, so the order of the rows never matters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.stats.parts import Part
from drivers.device import Cause


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its extremes; all None when there was nothing. `of` says of how many parts."""

    avg: float | None = None
    low: float | None = None
    high: float | None = None
    of: int = 0
    weighted: bool = False


def shown(parts: Iterable[Part], cause: Cause) -> list[Part]:
    """Choose what a period reports under its cause: nothing invented, nothing dropped.

    The normal parts where there are any, so always in a valid period. An invalid one whose cause
    is over range takes those over range along: they alone show the worst of it. Without a normal
    part it is what was over range, and without that what the instrument said in the period's
    cause.
    """
    valued = [part for part in parts if part.avg is not None]
    normal = [part for part in valued if part.cause is Cause.NORMAL]
    over = [part for part in valued if part.cause is Cause.OVER_RANGE]
    if cause is Cause.OVER_RANGE:
        return normal + over
    return normal or over or [part for part in valued if part.cause is cause]


def mean(parts: Sequence[Part], weights: Mapping[float, float]) -> Mean:
    """Give the mean of the parts, weighted by start where any of them has a weight (WAT-20).

    Parts without weight stay out of a weighted mean. Without any weight above zero the mean is
    arithmetic (WAT-20a).
    """
    valued = [(part, part.avg) for part in parts if part.avg is not None]
    if not valued:
        return Mean()
    low = min(avg if part.low is None else part.low for part, avg in valued)
    high = max(avg if part.high is None else part.high for part, avg in valued)
    weighed = [(avg, weights.get(part.start, 0.0)) for part, avg in valued]
    of = sum(1 for _, weight in weighed if weight > 0)
    if not of:
        exact = _average([(avg, 1.0) for avg, _ in weighed])
        return Mean(_between(exact, low, high), low, high, len(weighed))
    return Mean(_between(_average(weighed), low, high), low, high, of, weighted=True)


def converted_mean(parts: Iterable[Part]) -> Mean:
    """Give the mean of the parts' own converted values (STAT-10, minute_mean)."""
    return mean([_converted(part) for part in parts if part.zs_avg is not None], {})


def energetic_mean(parts: Sequence[Part]) -> Mean:
    """Give the equivalent level of sound levels in dB: the mean of their energies."""
    plain = mean(parts, {})
    levels = [part.avg for part in parts if part.avg is not None]
    if plain.low is None or plain.high is None:
        return plain
    # against the greatest level, so that no energy is beyond what a float holds
    top = max(levels)
    share = math.fsum(10.0 ** ((level - top) / 10) for level in levels) / len(levels)
    return replace(plain, avg=_between(top + 10 * math.log10(share), plain.low, plain.high))


def ion_mean(values: Iterable[float]) -> float | None:
    """Give the pH of the mean hydrogen ion concentration, for display beside the plain mean.

    WAT-23: what is sent and judged is the arithmetic one.
    """
    ions = [10.0**-value for value in values]
    return -math.log10(math.fsum(ions) / len(ions)) if ions else None


def _converted(part: Part) -> Part:
    return replace(part, avg=part.zs_avg, low=part.zs_low, high=part.zs_high)


def _average(weighed: Sequence[tuple[float, float]]) -> float:
    """Give the weighted average, also where the sum is beyond what a float holds."""
    try:
        exact = _quotient(weighed)
    except (OverflowError, ValueError):  # fsum of too much, and of two infinities
        exact = math.inf
    if math.isfinite(exact):
        return exact
    most = max(abs(value) for value, _ in weighed) or 1.0
    heaviest = max(weight for _, weight in weighed)
    return _quotient([(value / most, weight / heaviest) for value, weight in weighed]) * most


def _quotient(weighed: Sequence[tuple[float, float]]) -> float:
    total = math.fsum(weight for _, weight in weighed)
    return math.fsum(value * weight for value, weight in weighed) / total


def _between(value: float, low: float, high: float) -> float:
    """Undo the last bit of rounding that could put a mean outside its own extremes."""
    return min(max(value, low), high)
