"""Policy: limits, exceedances, and what they set off. Pure functions; their state is event rows."""

from agent.rules.contacts import Settled, settle
from agent.rules.debounce import Decision, Exceedance, Step, debounce
from agent.rules.judged import JudgedValue, from_hour, from_measurement
from agent.rules.keeping import FactorKeeping, Keeping, keeping_of, vessel_of
from agent.rules.limits import Limit, bound_broken, exceeds, in_force, multiple_over
from agent.rules.retention import (
    Blocked,
    Circumstances,
    Mode,
    RetentionOrder,
    retention,
    synchronous,
    triggered,
)

__all__ = [
    "Blocked",
    "Circumstances",
    "Decision",
    "Exceedance",
    "FactorKeeping",
    "JudgedValue",
    "Keeping",
    "Limit",
    "Mode",
    "RetentionOrder",
    "Settled",
    "Step",
    "bound_broken",
    "debounce",
    "exceeds",
    "from_hour",
    "from_measurement",
    "in_force",
    "keeping_of",
    "multiple_over",
    "retention",
    "settle",
    "synchronous",
    "triggered",
    "vessel_of",
]
