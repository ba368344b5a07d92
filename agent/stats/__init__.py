"""Statistics of periods: pure functions from rows to rows. What counts in a mean stands here."""

from agent.stats.causes import TIE_ORDER, dominant
from agent.stats.rule import (
    GAS_VOLUME,
    NO_AMOUNT,
    WATER_VOLUME,
    Amount,
    AmountKind,
    PeriodRule,
    Rows,
    mass_of,
)
from agent.stats.statistic import statistic

__all__ = [
    "GAS_VOLUME",
    "NO_AMOUNT",
    "TIE_ORDER",
    "WATER_VOLUME",
    "Amount",
    "AmountKind",
    "PeriodRule",
    "Rows",
    "dominant",
    "mass_of",
    "statistic",
]
