"""The values that limits look at: results of batch analyzers and hours."""

from __future__ import annotations

from dataclasses import dataclass

from agent.model import Cause, Measurement, Statistic

JUDGED = frozenset({Cause.NORMAL, Cause.OVER_RANGE})
"""Causes of values that are judged: the worst discharge runs over range (SMP-03, CMP-06)."""


@dataclass(frozen=True, slots=True)
class JudgedValue:
    """One value to hold against a limit.

    `sampled_at` is the start of the hour whose water or gas it speaks of, `completed_at` when it
    was known at the instrument, `received_at` when it was known here; UTC epoch seconds.
    """

    outlet: str
    factor: str
    value: float | None
    cause: Cause
    sampled_at: int
    completed_at: float
    received_at: float


def from_measurement(result: Measurement) -> JudgedValue:
    """Give the value of a batch result."""
    return JudgedValue(
        result.outlet,
        result.factor,
        result.value,
        result.cause,
        result.sampled_at,
        result.completed_at,
        result.received_at,
    )


def from_hour(row: Statistic, *, converted: bool = False) -> JudgedValue:
    """Give the value of an hour; at reference oxygen where the factor is `converted` (CMP-01).

    An hour without converted value is not judged by its measured one (CEMS-08).
    """
    end = row.period.end
    return JudgedValue(
        row.outlet,
        row.factor,
        row.zs_avg if converted else row.avg,
        row.cause,
        row.period.start,
        end,
        end,
    )
