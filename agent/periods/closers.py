"""The series of periods there are to close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agent import furnaces
from agent.model import Kind, Period
from agent.plan import OutletPlan, Plan
from agent.store import statistics


@dataclass(frozen=True, slots=True)
class Closer:
    """One series of periods to close: an outlet and a kind."""

    outlet: OutletPlan
    kind: Kind
    minutes: int = 0

    @property
    def code(self) -> str:
        """How the store writes the kind."""
        return statistics.code(Period(self.kind, 0, self.minutes))

    @property
    def cursor(self) -> str:
        """The name of its cursor."""
        return f"{self.code}/{self.outlet.id}"

    def due_at(self, period: Period) -> float:
        """Give when a period may be closed: when nothing of it can still be on its way."""
        return period.end + self.outlet.settle_s(self.kind)


def closers(plan: Plan) -> Iterator[Closer]:
    """Give all closers, shorter periods first: longer ones are made of them."""
    for outlet in plan.outlets.values():
        if outlet.continuous:
            yield Closer(outlet, Kind.MINUTE)
            for minutes in plan.minute_lengths(outlet.id):
                yield Closer(outlet, Kind.N_MINUTES, minutes)
            if (part := furnaces.part_of(plan, outlet)) is not None:
                yield Closer(part, Kind.N_MINUTES, furnaces.MINUTES)
        for kind in (Kind.HOUR, Kind.DAY, Kind.MONTH):
            yield Closer(outlet, kind)
