"""The other mean of pH: that of its hydrogen ions, shown beside the plain one (WAT-23)."""

from __future__ import annotations

import sqlite3

from agent import stats
from agent.model import Kind, Period
from agent.store import statistics
from agent.tools.export.row import Wanted

PH = "w01001"


def ion_mean(
    connection: sqlite3.Connection, wanted: Wanted, outlet: str, start: int
) -> float | None:
    """Give the pH of a valid day's mean acidity, out of the hours as they stand in the store.

    None where the site has this pH no more: nobody knows by what rules its hours counted.
    """
    plan = wanted.outlets.get(outlet)
    if plan is None or PH not in plan.factors:
        return None
    day = Period(Kind.DAY, start)
    hours = statistics.between(connection, Period(Kind.HOUR, start), day.end, outlet, wanted.names)
    rows = stats.Rows(
        statistics=[one for one in hours if one.factor == PH],
        flow_statistics=[one for one in hours if one.factor == plan.flow],
    )
    return stats.ion_mean_of_day(plan.factors[PH].period, day, rows)
