"""Policy: limits, exceedances, and what they set off. Pure functions; their state is event rows."""

from agent.rules.contacts import Settled, settle
from agent.rules.debounce import Decision, Exceedance, Step, debounce
from agent.rules.judged import JudgedValue, from_hour, from_measurement
from agent.rules.limits import Limit, bound_broken, exceeds, in_force, multiple_over
from agent.rules.retention import (
    Blocked,
    Circumstances,
    Keeping,
    RetentionOrder,
    retention,
    triggered,
)

__all__ = [
    "Blocked",
    "Circumstances",
    "Decision",
    "Exceedance",
    "JudgedValue",
    "Keeping",
    "Limit",
    "RetentionOrder",
    "Settled",
    "Step",
    "bound_broken",
    "debounce",
    "exceeds",
    "from_hour",
    "from_measurement",
    "in_force",
    "multiple_over",
    "retention",
    "settle",
    "triggered",
]
