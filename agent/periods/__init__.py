"""Closes what is due: real-time frames, minutes, hours, days, months. One commit for what is due.

What is due is asked of the store's cursors, never of a timer: a tick that came late, twice or not
at all changes nothing. A cursor moves in the commit that closed the period before it.
"""

from agent.periods.closing import OUTAGE_S
from agent.periods.worker import Periods

__all__ = ["OUTAGE_S", "Periods"]
