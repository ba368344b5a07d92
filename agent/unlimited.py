"""Ends exceedances of limits that the settings no longer have: no value would ever end them."""

from __future__ import annotations

import dataclasses
import datetime
import sqlite3

from agent.exceedance import EXCEEDANCE, RUN
from agent.plan import Plan
from agent.store import events
from agent.telling import closed
from protocols.hj212.times import BEIJING_OFFSET_S

NO_OUTLET = "the outlet is no longer in the site file"
NO_FACTOR = "the factor is no longer in the site file"
NO_LIMIT = "the limit was removed from the site file"
OVER = "the last day of the limit is over"


def end_unlimited(connection: sqlite3.Connection, plan: Plan, *, now: float) -> int:
    """End what lasts beyond a limit that is gone, with the reason; gives how many."""
    ended = 0
    for kind in (EXCEEDANCE, RUN):
        for event in events.all_open(connection, kind):
            why = _gone(plan, event, now)
            if why is None:
                continue
            event = dataclasses.replace(event, detail={**event.detail, "ended_because": why})
            events.update(connection, event.id, event.detail)
            if kind == EXCEEDANCE:
                closed(connection, plan, event, at=now, now=now)
            else:
                events.end(connection, event.id, now)
            ended += 1
    return ended


def _gone(plan: Plan, event: events.Event, now: float) -> str | None:
    """Say why no value can end an exceedance any more; None where one can."""
    outlet = plan.outlets.get(event.outlet)
    if outlet is None:
        return NO_OUTLET
    factor = outlet.factors.get(event.factor)
    if factor is None:
        return NO_FACTOR
    limits = [limit for limit in factor.limits if limit.on == event.detail.get("on")]
    if not limits:
        return NO_LIMIT
    # one day of grace: a batch result of yesterday may still be under way
    day = datetime.datetime.fromtimestamp(now + BEIJING_OFFSET_S, datetime.UTC).date()
    yesterday = day - datetime.timedelta(days=1)
    lasting = [one for one in limits if one.until is None or one.until >= yesterday]
    return None if lasting else OVER
