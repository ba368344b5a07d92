"""One look at one outlet: where to read, of what time, and what everybody needs of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from agent.plan import OutletPlan, Plan
from agent.settings.outlet import Outlet
from agent.store.events import Event
from agent.store.series import Names
from agent.watch import Span

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Look:
    """The day up to `until` (UTC epoch seconds) of one outlet.

    `told`: the events that lasted at some moment of it, those of the whole house too.
    """

    connection: sqlite3.Connection
    plan: Plan
    outlet: Outlet
    names: Names
    until: int
    told: Sequence[Event] = ()

    @property
    def start(self) -> int:
        """Where the day begins."""
        return self.until - DAY_S

    @property
    def own(self) -> OutletPlan:
        """The outlet's part of the plan."""
        return self.plan.outlets[self.outlet.id]

    def new(self, event: Event) -> bool:
        """Say whether an event began in the time that is looked at."""
        return self.start <= event.at < self.until + DAY_S


def span_of(event: Event) -> Span:
    """Give the time an event lasted."""
    return Span(event.at, float("inf") if event.ended_at is None else event.ended_at, event.id)
