"""Rows of the store as the watch looks at them, and everything its rules find in them.

Each module reads for the rules that its name says; the decisions are those of `agent.watch`.
"""

from __future__ import annotations

import sqlite3

from agent.plan import Plan
from agent.settings.outlet import Outlet
from agent.store import events
from agent.store.series import Names
from agent.watch import Finding
from agent.watched.acts import of_acts
from agent.watched.beside import of_neighbours
from agent.watched.courses import of_courses, read_day
from agent.watched.instruments import of_blow_backs, of_calibrations, of_filed
from agent.watched.look import DAY_S, Look
from agent.watched.plant import of_plant
from agent.watched.sent import of_sent

__all__ = ["DAY_S", "Look", "findings_of", "look_at"]


def look_at(
    connection: sqlite3.Connection, plan: Plan, outlet: Outlet, until: int, *, names: Names
) -> Look:
    """Take a look at an outlet: the day up to `until`, with the events that concern it."""
    told = [
        one
        for one in events.between(connection, until - DAY_S, until + DAY_S)
        if one.outlet in (outlet.id, "")
    ]
    return Look(connection, plan, outlet, names, until, told)


def findings_of(look: Look) -> list[Finding]:
    """Give all that the rules find at an outlet."""
    read = read_day(look)
    return [
        *of_courses(look, read),
        *of_neighbours(look, read),
        *of_sent(look),
        *of_acts(look, read),
        *of_calibrations(look, read),
        *of_blow_backs(look, read),
        *of_filed(look),
        *of_plant(look, read),
    ]
