"""Samples, results and shorter statistics in the one shape that a mean is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.model import Cause, Measurement, Period, Sample, Statistic


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a period. `cause` is NORMAL exactly where the piece may go into the mean.

    `abnormal` is the cause that a piece which counts still carries inside.
    """

    start: float
    cause: Cause
    abnormal: Cause
    avg: float | None
    low: float | None
    high: float | None
    zs_avg: float | None = None
    zs_low: float | None = None
    zs_high: float | None = None
    cou: float | None = None

    @property
    def trouble(self) -> Cause:
        """What is not normal about it; NORMAL when nothing."""
        return self.abnormal if self.cause is Cause.NORMAL else self.cause


def of_samples(samples: Iterable[Sample], period: Period) -> list[Part]:
    """Give the samples taken inside the period as parts."""
    return [_sample(one) for one in samples if period.start <= one.at < period.end]


def of_measurements(results: Iterable[Measurement], period: Period) -> list[Part]:
    """Give the results whose water was taken in this hour as parts (WAT-05)."""
    return [_result(one) for one in results if one.sampled_at == period.start]


def of_statistics(rows: Sequence[Statistic], period: Period) -> list[Part]:
    """Give the shorter periods inside this one as parts, each once, in its newest revision."""
    return [_statistic(one) for one in newest(rows, period)]


def newest(rows: Sequence[Statistic], period: Period) -> list[Statistic]:
    """Give the newest revision of each shorter period inside this one."""
    found: dict[int, Statistic] = {}
    for row in rows:
        if period.start <= row.period.start < period.end:
            known = found.get(row.period.start)
            if known is None or known.revision < row.revision:
                found[row.period.start] = row
    return list(found.values())


def _sample(sample: Sample) -> Part:
    value = _finite(sample.value)
    cause = Cause.FAULT if value is None and sample.cause is Cause.NORMAL else sample.cause
    zs = _finite(sample.zs)
    return Part(
        sample.at, cause, Cause.NORMAL, value, value, value, zs_avg=zs, zs_low=zs, zs_high=zs
    )


def _result(result: Measurement) -> Part:
    value = _finite(result.value)
    cause = Cause.FAULT if value is None and result.cause is Cause.NORMAL else result.cause
    return Part(result.completed_at, cause, Cause.NORMAL, value, value, value)


def _statistic(row: Statistic) -> Part:
    usable = row.valid and row.avg is not None
    cause = Cause.FAULT if not usable and row.cause is Cause.NORMAL else row.cause
    return Part(
        start=row.period.start,
        cause=Cause.NORMAL if usable else cause,
        abnormal=row.abnormal,
        avg=row.avg,
        low=row.min,
        high=row.max,
        zs_avg=row.zs_avg,
        zs_low=row.zs_min,
        zs_high=row.zs_max,
        cou=row.cou,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
