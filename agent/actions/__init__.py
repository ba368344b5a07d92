"""Makes devices act: takes an order's row, drives the device, writes outcome and report.

At most once and never after the deadline. What was running when the process died is settled from
the device's own record, or said to be unknown; it is never done again. Time that went by is told
by the monotonic clock of this boot, too: the wall clock may be set back.
"""

from agent.actions.contact import LONGEST_PAUSE_S
from agent.actions.endings import Outcome
from agent.actions.worker import DeviceActions

__all__ = ["LONGEST_PAUSE_S", "DeviceActions", "Outcome"]
