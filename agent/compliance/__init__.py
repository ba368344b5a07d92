"""What limits, rates and projections say of validated values. Pure."""

from agent.compliance.bounds import Averaging, Bound, Condition, Rank, bound_in_force
from agent.compliance.furnace import FurnaceDay, furnace_day
from agent.compliance.projection import level, projected_day, projected_mean, trend
from agent.compliance.rates import CHECKED, Group, Rates, excuse_check, rates
from agent.compliance.table import bounds_of, classes, standards
from agent.compliance.tax import monthly_mean, relief_open
from agent.compliance.verdict import Alarm, Judgement, judge, judge_value

__all__ = [
    "CHECKED",
    "Alarm",
    "Averaging",
    "Bound",
    "Condition",
    "FurnaceDay",
    "Group",
    "Judgement",
    "Rank",
    "Rates",
    "bound_in_force",
    "bounds_of",
    "classes",
    "excuse_check",
    "furnace_day",
    "judge",
    "judge_value",
    "level",
    "monthly_mean",
    "projected_day",
    "projected_mean",
    "rates",
    "relief_open",
    "standards",
    "trend",
]
