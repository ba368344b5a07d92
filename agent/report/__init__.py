"""From rows to messages: letters, fields, which factor goes into which frame. Pure."""

from agent.report.facilities import RUN_TIMES_CN, STATES_CN, run_times, states
from agent.report.measured import CHECK_CN, FURNACE_CN, CheckSaid, checked, furnace
from agent.report.notices import (
    DeviceHealth,
    EventNotice,
    Health,
    LinkHealth,
    SignedHead,
    State,
)
from agent.report.uploads import PERIOD_CN, Live, event, periodic, real_time, retained, started
from agent.report.wording import Spelling, Wording, letter, period_letter

__all__ = [
    "CHECK_CN",
    "FURNACE_CN",
    "PERIOD_CN",
    "RUN_TIMES_CN",
    "STATES_CN",
    "CheckSaid",
    "DeviceHealth",
    "EventNotice",
    "Health",
    "LinkHealth",
    "Live",
    "SignedHead",
    "Spelling",
    "State",
    "Wording",
    "checked",
    "event",
    "furnace",
    "letter",
    "period_letter",
    "periodic",
    "real_time",
    "retained",
    "run_times",
    "started",
    "states",
]
