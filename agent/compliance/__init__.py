"""What limits, rates and projections say of validated values. Pure."""

from agent.compliance.furnace import FurnaceDay, furnace_day
from agent.compliance.projection import level, projected_day, projected_mean
from agent.compliance.rates import CHECKED, Group, Rates, excuse_check, rates
from agent.compliance.table import StandardLimit, standard_limits
from agent.compliance.tax import monthly_mean, relief_open
from agent.compliance.verdict import Alarm, Judgement, judge

__all__ = [
    "CHECKED",
    "Alarm",
    "FurnaceDay",
    "Group",
    "Judgement",
    "Rates",
    "StandardLimit",
    "excuse_check",
    "furnace_day",
    "judge",
    "level",
    "monthly_mean",
    "projected_day",
    "projected_mean",
    "rates",
    "relief_open",
    "standard_limits",
]
