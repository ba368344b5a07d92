"""Tells when a clock of a fault ticket has run out (QC-04); each clock once."""

from __future__ import annotations

import sqlite3

from agent.clock import Clock
from agent.plan import Plan
from agent.store import faults
from agent.store.db import Store
from agent.telling import tell

LATE = "fault_late"


async def tell_late(plan: Plan, store: Store, clock: Clock) -> None:
    """Look at the open tickets and tell every deadline that was missed."""
    now = clock.now()

    def job(connection: sqlite3.Connection) -> None:
        for fault in faults.listed(connection):
            for one in faults.clocks(fault):
                if not one.late(now):
                    continue
                tell(
                    connection,
                    plan,
                    LATE,
                    {
                        "fault": fault.id,
                        "device": fault.device,
                        "step": one.step,
                        "due_at": one.due_at,
                        "done_at": one.done_at,
                    },
                    ref=f"{LATE}:{fault.id}:{one.step}",
                    at=one.due_at,
                    now=now,
                    outlet=fault.outlet,
                )

    await store.write(job)
