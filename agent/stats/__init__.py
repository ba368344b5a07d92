"""Statistics of periods: pure functions from rows to rows. What counts in a mean stands here."""

from agent.stats.causes import TIE_ORDER, dominant
from agent.stats.columns import Column, computed, relabelled, relabelled_result, told, touching
from agent.stats.counter import CounterRule
from agent.stats.days import ion_mean_of_day
from agent.stats.rule import (
    GAS_VOLUME,
    NO_AMOUNT,
    WATER_VOLUME,
    Amount,
    AmountKind,
    Correction,
    Needs,
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
    "Column",
    "Correction",
    "CounterRule",
    "Needs",
    "PeriodRule",
    "Rows",
    "computed",
    "dominant",
    "ion_mean_of_day",
    "mass_of",
    "relabelled",
    "relabelled_result",
    "statistic",
    "told",
    "touching",
]
