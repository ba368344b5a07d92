"""Marks: what is said of stretches of time, by the logger's flags or by a person. Pure."""

from agent.marks.contradictions import Objection, objections
from agent.marks.deadline import cutoff
from agent.marks.evidence import Evidence, Minute, Thresholds
from agent.marks.proposals import proposals
from agent.marks.quotas import Exempt, Usage, exempt, term_start
from agent.marks.record import Channel, Record, whole_minutes
from agent.marks.spans import Chain, chains, from_causes, shown, together
from agent.marks.table import IndustrySet, Name, Quota, industry_set

__all__ = [
    "Chain",
    "Channel",
    "Evidence",
    "Exempt",
    "IndustrySet",
    "Minute",
    "Name",
    "Objection",
    "Quota",
    "Record",
    "Thresholds",
    "Usage",
    "chains",
    "cutoff",
    "exempt",
    "from_causes",
    "industry_set",
    "objections",
    "proposals",
    "shown",
    "term_start",
    "together",
    "whole_minutes",
]
