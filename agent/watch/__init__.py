"""The watch for falsified data (domain rules §10): pure functions of rows, findings with samples.

It reports what it sees and judges nobody. Not here: AF-17, which is the journal.
"""

from agent.watch.acts import (
    Begun,
    Session,
    Told,
    graded,
    labels,
    restarts,
    sessions,
    steps_of_clock,
)
from agent.watch.blow_backs import unanswered
from agent.watch.calibrations import Calibration, Schedule, beyond, odd_times, shifted, too_often
from agent.watch.contradictions import (
    bypassed,
    ran_in_stop,
    untreated,
    ups_too_short,
    values_in_maintenance,
)
from agent.watch.filed import Actual, filed_hash, off_filed
from agent.watch.finding import Course, Finding, Point, Thresholds
from agent.watch.grouping import Group, begun, grouped
from agent.watch.line import Demand, Result, out_of_sequence, unmet
from agent.watch.physics import acidity, corrected, dust_in_air, parts
from agent.watch.runs import at_zero, constant, narrow, truncated
from agent.watch.sent import Hop, differing
from agent.watch.shapes import repeated, same_day, side_by_side
from agent.watch.spans import MINUTE_S, Span, stretches
from agent.watch.steps import steps

__all__ = [
    "MINUTE_S",
    "Actual",
    "Begun",
    "Calibration",
    "Course",
    "Demand",
    "Finding",
    "Group",
    "Hop",
    "Point",
    "Result",
    "Schedule",
    "Session",
    "Span",
    "Thresholds",
    "Told",
    "acidity",
    "at_zero",
    "begun",
    "beyond",
    "bypassed",
    "constant",
    "corrected",
    "differing",
    "dust_in_air",
    "filed_hash",
    "graded",
    "grouped",
    "labels",
    "narrow",
    "odd_times",
    "off_filed",
    "out_of_sequence",
    "parts",
    "ran_in_stop",
    "repeated",
    "restarts",
    "same_day",
    "sessions",
    "shifted",
    "side_by_side",
    "steps",
    "steps_of_clock",
    "stretches",
    "too_often",
    "truncated",
    "unanswered",
    "unmet",
    "untreated",
    "ups_too_short",
    "values_in_maintenance",
]
