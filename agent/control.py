"""When instruments were out of control, as lasting events (QC-02, QC-03, WAT-27).

The stretches follow from the checks alone; the events say that somebody was told. Called after
every new check, and each hour: a calibration becomes overdue without anything happening.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator

from agent.clock import Clock
from agent.plan import Plan
from agent.store import checks, events
from agent.store.db import Store
from agent.substitution import Uncontrolled, failed_checks, out_of_control
from agent.telling import closed, tell

CONTROL = "check_control"
"""An instrument proves nothing, from a failed or missed check to the next that passes."""
DRIFTS = ("zero", "span", "accuracy")
STANDARDS = ("standard", "comparison")
CORRECTED = "an earlier check was entered later"


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch out of control of one factor. `lasting`: there was no pass since."""

    outlet: str
    factor: str
    found: Uncontrolled
    lasting: bool


def stretches(
    connection: sqlite3.Connection, plan: Plan, outlet: str, factor: str, *, until: int
) -> list[Stretch]:
    """Give the stretches out of control of a factor up to `until`, oldest first."""
    known = plan.outlets[outlet]
    told = checks.between(connection, 0, until, outlet=outlet, factor=factor)
    wanted = STANDARDS if known.medium == "water" else DRIFTS
    made = [one.as_check() for one in told if one.kind in wanted]
    if known.medium == "water":
        found = failed_checks(made, until=until)
    else:
        found = out_of_control(made, until=until, period_s=known.factors[factor].calibration_s)
    return [Stretch(outlet, factor, one, lasting=one.end >= until) for one in found]


def all_stretches(connection: sqlite3.Connection, plan: Plan, *, until: int) -> Iterator[Stretch]:
    """Give the stretches of every factor."""
    for outlet in plan.outlets.values():
        for factor in outlet.factors:
            yield from stretches(connection, plan, outlet.id, factor, until=until)


def settle_control(
    connection: sqlite3.Connection, plan: Plan, outlet: str, factor: str, *, now: float
) -> None:
    """Open and end the events of a factor so that they say what its checks say now."""
    if outlet not in plan.outlets or factor not in plan.outlets[outlet].factors:
        return
    # a check that ended this very second counts
    found = stretches(connection, plan, outlet, factor, until=int(now) + 1)
    refs = {_ref(one): one for one in found}
    for ref, one in refs.items():
        detail = {
            "why": one.found.why,
            "since": one.found.start,
            "passed_at": one.found.passed_at,
        }
        tell(
            connection,
            plan,
            CONTROL,
            detail,
            ref=ref,
            at=one.found.start,
            now=now,
            outlet=outlet,
            factor=factor,
            lasts=True,
        )
    for event in events.open_ones(connection, CONTROL, outlet=outlet, factor=factor):
        known = refs.get(event.ref)
        if known is not None and known.lasting:
            continue
        if known is None:
            event = dataclasses.replace(event, detail={**event.detail, "ended_because": CORRECTED})
            events.update(connection, event.id, event.detail)
        end = now if known is None else float(known.found.end)
        closed(connection, plan, event, at=end, now=now)


async def watch_control(plan: Plan, store: Store, clock: Clock) -> None:
    """Look whether a calibration is overdue, or an event is left of a factor that is gone."""
    now = clock.now()

    def job(connection: sqlite3.Connection) -> None:
        for outlet in plan.outlets.values():
            for factor in outlet.factors:
                settle_control(connection, plan, outlet.id, factor, now=now)

    await store.write(job)


def _ref(one: Stretch) -> str:
    return f"{CONTROL}:{one.outlet}:{one.factor}:{one.found.why}:{one.found.start}"
