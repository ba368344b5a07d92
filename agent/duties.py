"""What the daemon itself does all the time: close what is due, and end on a low battery."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from agent.bells import Bells
from agent.clock import Clock
from agent.contacts import BATTERY
from agent.periods import Periods
from agent.plan import Plan
from agent.store import events, journal
from agent.store.db import Store
from agent.store.giving import is_full
from agent.timekeeping import Timekeeper

log = logging.getLogger(__name__)

LOOK_S = 2.0


async def close_periods(
    periods: Callable[[], Periods],
    bells: Bells,
    time: Timekeeper,
    *,
    stepped: Callable[[], None],
) -> None:
    """Close what is due, for ever. What fails here ends the process (architecture §3.11).

    `stepped` is called after each step of the clock.
    """
    while True:
        await bells.wait("periods", LOOK_S)
        step_s = await time.look()
        if step_s:
            stepped()
        if not time.trusted:
            continue
        try:
            await periods().close_due()
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            # nothing is left that may give way: what is due stays due until there is room
            log.error("no room to close what is due: %s", error)


@dataclass(frozen=True, slots=True)
class BatteryEnd:
    """Ends the daemon in good order when the battery is low and the mains are gone.

    Where the mains are not watched, a low battery alone is enough.
    """

    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    bells: Bells

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for that, and ask for the end."""
        while not await self.bells.wait(BATTERY, LOOK_S) or await self._mains_there():
            pass
        now = self.clock.now()
        await self.store.write(
            lambda connection: journal.add(connection, "stopping: battery low", {}, at=now)
        )
        log.warning("battery low: stopping")
        stop.set()

    async def _mains_there(self) -> bool:
        inputs = self.plan().site.inputs
        watched = any(one.means == "power" and one.facility is None for one in inputs)
        lost = await self.store.read(lambda connection: events.all_open(connection, "power"))
        return watched and not lost
