"""What stands for lost mass, and when instruments proved nothing. Pure."""

from agent.substitution.comparison import agrees, comparison_passes
from agent.substitution.control import Check, Uncontrolled, failed_checks, out_of_control
from agent.substitution.drift import Verdict, deviation_pct, drift_pct, verdict
from agent.substitution.gas import (
    RATE_ALARM,
    HourMass,
    Loss,
    Substituted,
    capture_rate,
    losses,
    rate_of,
    substitute,
    substitute_quarter,
)
from agent.substitution.water import (
    DayMass,
    DaySubstitute,
    effective_rate,
    manual_mean,
    substitute_day,
)

__all__ = [
    "RATE_ALARM",
    "Check",
    "DayMass",
    "DaySubstitute",
    "HourMass",
    "Loss",
    "Substituted",
    "Uncontrolled",
    "Verdict",
    "agrees",
    "capture_rate",
    "comparison_passes",
    "deviation_pct",
    "drift_pct",
    "effective_rate",
    "failed_checks",
    "losses",
    "manual_mean",
    "out_of_control",
    "rate_of",
    "substitute",
    "substitute_day",
    "substitute_quarter",
    "verdict",
]
