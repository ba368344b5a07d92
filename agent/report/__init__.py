"""From rows to messages: letters, fields, which factor goes into which frame. Pure."""

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
    "PERIOD_CN",
    "DeviceHealth",
    "EventNotice",
    "Health",
    "LinkHealth",
    "Live",
    "SignedHead",
    "Spelling",
    "State",
    "Wording",
    "event",
    "letter",
    "period_letter",
    "periodic",
    "real_time",
    "retained",
    "started",
]
