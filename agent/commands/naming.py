"""Factors by the codes a platform knows them by: those of its edition, or of its dialect."""

from __future__ import annotations

from collections.abc import Iterable

from agent.plan import FactorPlan, OutletPlan
from agent.report import Wording


def named(outlets: Iterable[OutletPlan], code: str, wording: Wording) -> FactorPlan | None:
    """Find the factor that goes by a code on this wire; None where there is none."""
    for outlet in outlets:
        for one in outlet.factors.values():
            if wording.code(one.factor) == code:
                return one
    return None


def on_wire(value: float | None, factor: str, wording: Wording) -> float | None:
    """Give a value of a factor in the unit it has on this wire."""
    spelling = wording.said.get(factor)
    return value if value is None or spelling is None else spelling.value(value)
