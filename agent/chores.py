"""What is done each hour and each night, beside the work that cannot wait."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from agent.bells import Bells
from agent.clock import Clock
from agent.control import watch_control
from agent.daymarks import look_at_days
from agent.faultclocks import tell_late
from agent.lostmass import substitute_lost
from agent.metrics import Metrics
from agent.plan import Plan
from agent.proving import seal_all, sign_head
from agent.scoring import score_outlets
from agent.store.db import Store
from agent.store.giving import is_full
from agent.timekeeping import Timekeeper
from agent.upkeep import drop_stale, upkeep
from agent.watching import watch_outlets

log = logging.getLogger(__name__)

LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class Chores:
    """Does them when the ticks say so: a task, so that its failure is seen."""

    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells
    metrics: Metrics

    async def run(self) -> None:
        """Keep house, for ever."""
        await self._sign()
        while True:
            hour = await self.bells.wait("hour", LOOK_S)
            night = await self.bells.wait("night", LOOK_S)
            try:
                await self.do(hour=hour, night=night)
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                # nothing of it is lost: the next hour, or night, finds it undone
                log.error("no room to keep house: %s", error)

    async def do(self, *, hour: bool, night: bool) -> None:
        """Do the chores of an hour, those of a night, or both."""
        parts = (self.plan(), self.store, self.clock)
        if hour:
            await drop_stale(*parts, self.metrics)
            if self.time.trusted:
                await seal_all(self.store, self.clock)
            await tell_late(*parts)
            await watch_control(*parts)
            await substitute_lost(*parts)
            await watch_outlets(*parts)
        if night:
            await look_at_days(*parts)
            await score_outlets(*parts)
            await upkeep(*parts, self.metrics)
            await self._sign()

    async def _sign(self) -> None:
        await sign_head(self.store, self.clock, unit=self.plan().site.unit.code)
