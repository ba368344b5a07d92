"""Leads the sequence of a station: what is due becomes rows, and their workers do it.

It drives no device itself. A step is an action row under a name of its own, so that a restart, or
a crash between two rows, orders nothing twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from agent.bells import Bells
from agent.clock import Clock
from agent.plan import Plan
from agent.sequence.course import Step, due
from agent.sequence.looking import course_of, look_back, step_ref
from agent.sequence.ordering import TOLD, Orders
from agent.settings.equipment import SamplerSettings
from agent.store import events
from agent.store.db import Store
from agent.store.series import Names
from agent.timekeeping import Timekeeper

LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Lead:
    """The sequence of one sampler that the agent leads."""

    settings: SamplerSettings
    plan: Callable[[], Plan]
    names: Callable[[], Names]
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_S)

    async def look(self) -> list[Step]:
        """Order what is due; gives it."""
        if not self.time.trusted:
            return []
        now, plan, names = self.clock.now(), self.plan(), self.names()
        course = course_of(plan, self.settings)

        def ask(connection: sqlite3.Connection) -> list[Step]:
            seen = look_back(connection, plan, names, self.settings, now=now)
            return [
                one
                for one in due(course, seen, now)
                if one.kind not in TOLD
                or not events.known(connection, step_ref(self.settings, one.name))
            ]

        wanted = await self.store.read(ask)
        if wanted:
            await self.store.write(
                lambda connection: Orders(connection, plan, self.settings, now).add(wanted)
            )
            devices = {one.device or self.settings.id for one in wanted}
            self.bells.ring(*(f"actions:{one}" for one in devices), *plan.outbox_bells())
        return wanted
