"""The slow look at one sampler."""

from __future__ import annotations

from dataclasses import dataclass

from agent.bells import Bells
from agent.bottle_watch.changes import changes
from agent.bottle_watch.noting import Notes
from agent.clock import Clock
from agent.plan import Plan
from agent.settings.equipment import SamplerSettings
from agent.store.db import Store
from agent.store.series import Names
from agent.supervise import heed_cancellation
from agent.timekeeping import Timekeeper
from drivers.device import DeviceError, Sampler

LOOK_S = 20.0


@dataclass(frozen=True, slots=True)
class BottleWatch:
    """The slow look at one sampler, and the bottles it keeps at fixed times."""

    settings: SamplerSettings
    sampler: Sampler
    plan: Plan
    names: Names
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.clock.sleep(LOOK_S)
            await self.look()

    async def look(self) -> bool:
        """Look once; says whether anything was written down."""
        if not self.time.trusted:
            return False
        try:
            status = await self.sampler.status()
        except DeviceError:
            status = None  # the polling tells that a device is silent
        finally:
            heed_cancellation()
        now = self.clock.now()
        news = await self.store.read(
            lambda connection: bool(changes(connection, self.settings, status, now=now))
        )
        if not news:
            return False
        await self.store.write(
            lambda connection: Notes(connection, self.plan, self.names, self.settings, now).note(
                status
            )
        )
        self.bells.ring(f"actions:{self.settings.id}", *self.plan.outbox_bells())
        return True
