"""The watch for falsified data (AF-01…05, AF-07): pure functions of rows, findings with samples.

It reports what it sees and judges nobody. Not here: AF-06 and AF-08…19.
"""

from agent.watch.finding import Course, Finding, Point, Thresholds
from agent.watch.grouping import Group, begun, grouped
from agent.watch.physics import acidity, corrected, dust_in_air, parts
from agent.watch.runs import at_zero, constant, narrow, truncated
from agent.watch.steps import steps

__all__ = [
    "Course",
    "Finding",
    "Group",
    "Point",
    "Thresholds",
    "acidity",
    "at_zero",
    "begun",
    "constant",
    "corrected",
    "dust_in_air",
    "grouped",
    "narrow",
    "parts",
    "steps",
    "truncated",
]
