"""The worker that closes periods."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent.bells import Bells
from agent.clock import Clock
from agent.metrics import Metrics
from agent.periods.closing import Closing
from agent.plan import Plan
from agent.store.db import Store
from agent.store.series import Names


@dataclass(frozen=True, slots=True)
class Periods:
    """The worker. `close_due` is the whole job; whoever calls it decides when."""

    plan: Plan
    names: Names
    store: Store
    clock: Clock
    bells: Bells
    metrics: Metrics

    async def close_due(self) -> int:
        """Close everything that is due now; says how many periods and frames that were."""
        total = 0
        while True:
            closed = await self.store.write(self._close)
            if not closed:
                return total
            total += len(closed)
            for kind in closed:
                self.metrics.closed.labels(kind).inc()
            self.bells.ring(*self.plan.action_bells(), *self.plan.outbox_bells())

    def _close(self, connection: sqlite3.Connection) -> list[str]:
        return Closing(connection, self.plan, self.names, self.clock.now()).close()
