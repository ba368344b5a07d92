"""Cou: volumes out of flows, masses out of concentrations. What was not measured is not counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.model import Cause, Statistic
from agent.stats.parts import Part
from agent.stats.rule import AmountKind, PeriodRule


def slices(due: int, taken: int) -> int:
    """Give into how many slices of time the samples of a minute cut it.

    One sample more than due is a neighbour's that came late, and stands for a slice as long as
    any. More than that means the instrument is asked faster than `due` says.
    """
    return max(due, 1) if taken <= due + 1 else taken


def sampled_volume(rule: PeriodRule, parts: Iterable[Part], *, slice_s: float) -> float | None:
    """Give the m3 that the normal samples of a flow stand for; None where there is none.

    Source: HJ 212-2017 annex D, volume of a slice.
    """
    return _sum(
        part.avg * slice_s * rule.amount.scale
        for part in parts
        if part.cause is Cause.NORMAL and part.avg is not None
    )


def with_mass(rule: PeriodRule, row: Statistic, flow: Statistic | None) -> Statistic:
    """Add concentration x volume to the row of a minute or an hour (WAT-22, CEMS-15).

    Only a valid mean times the volume of a valid flow is a mass; else Cou is None.
    """
    if rule.amount.kind is not AmountKind.MASS:
        return row
    if not row.valid or row.avg is None:
        return row
    if flow is None or not flow.valid or flow.cou is None:
        named = f": {flow.factor}" if flow is not None else ""
        return with_reason(row, f"no amount: flow missing or not valid{named}")
    if flow.period != row.period:
        raise ValueError(f"flow of {flow.period} given for {row.period}")
    return replace(row, cou=row.avg * flow.cou * rule.amount.scale)


def with_sum(rule: PeriodRule, row: Statistic, parts: Sequence[Part]) -> Statistic:
    """Add the sum of the parts' own amounts to a longer period (WAT-22, CEMS-15)."""
    if rule.amount.kind is AmountKind.NONE:
        return row
    known = [part.cou for part in parts if part.cou is not None]
    row = replace(row, cou=_sum(known))
    if len(known) < row.due:
        return with_reason(row, f"amount of {len(known)} of {row.due}")
    return row


def with_reason(row: Statistic, reason: str) -> Statistic:
    """Add a reason in words to those the row has."""
    return replace(row, reason="; ".join(filter(None, (row.reason, reason))))


def _sum(values: Iterable[float]) -> float | None:
    known = list(values)
    return math.fsum(known) if known else None
