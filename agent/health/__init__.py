"""The health statement of an outlet (domain rules §12): 100 points less what was deducted. Pure.

A statement with its events, never a verdict; only the deduction of a suspension is published.
"""

from agent.health.deduction import PUBLISHED, Deduction, DeductionKind, Family, Risk
from agent.health.derive import Lapse, OverLimit, deductions_of, kind_of_event
from agent.health.statement import FULL, Statement, statement, year_before

__all__ = [
    "FULL",
    "PUBLISHED",
    "Deduction",
    "DeductionKind",
    "Family",
    "Lapse",
    "OverLimit",
    "Risk",
    "Statement",
    "deductions_of",
    "kind_of_event",
    "statement",
    "year_before",
]
