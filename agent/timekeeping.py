"""Whether the wall clock can be trusted, and what happens when it steps.

Until it is trusted samples carry boot id and monotonic time, and nothing is closed or uploaded
under a false label (architecture §3.8).
"""

from __future__ import annotations

import logging
import sqlite3
import time

from agent.clock import STEP_S, Clock, boot_id
from agent.errors import PaikouError
from agent.store import clock_steps, journal, samples
from agent.store.db import Store

log = logging.getLogger(__name__)


class ClockRefused(PaikouError):
    """The wall clock may not be set from here."""


def set_wall_clock(at: float) -> None:
    """Set the system's clock to UTC epoch seconds. Raises ClockRefused without the right to."""
    try:
        time.clock_settime(time.CLOCK_REALTIME, at)
    except (OSError, OverflowError) as error:
        raise ClockRefused(f"the clock cannot be set: {error}") from None


class Timekeeper:
    """Watches the clock of one process."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self.boot = boot_id()
        self.trusted = False
        self.epoch = 0

    async def look(self) -> float:
        """Take note of trust and steps; gives by how many seconds the clock stepped, else 0.

        A clock that falls back to before this release is no longer trusted.
        """
        step_s = self._clock.step()
        if step_s and self.trusted:
            self.epoch = await self._store.write(
                lambda connection: self._stepped(connection, step_s)
            )
            log.warning("the clock stepped by %.1f s", step_s)
        if not self._clock.sane():
            self.trusted = False
            return 0.0
        if not self.trusted:
            await self._trust()
        return step_s

    async def _trust(self) -> None:
        """Label from now on, and what was taken before; what comes meanwhile is labelled, too."""
        self.epoch = await self._store.write(self._begin)
        self.trusted = True
        moved = await self._store.write(self._label)
        if moved:
            log.info("the clock is trusted now; %d cycles got their time", moved)

    def _begin(self, connection: sqlite3.Connection) -> int:
        """Give the epoch to go on with: a new one where the clock went back while nobody looked."""
        epoch, now = clock_steps.current(connection), self._clock.now()
        last = samples.last_after(connection, now + STEP_S, epoch=epoch)
        return epoch if last is None else self._stepped(connection, now - last)

    def _stepped(self, connection: sqlite3.Connection, step_s: float) -> int:
        now = self._clock.now()
        epoch = clock_steps.add(connection, at=now, step_s=step_s, boot=self.boot)
        journal.add(connection, "clock step", {"step_s": step_s, "epoch": epoch}, at=now)
        return epoch

    def _label(self, connection: sqlite3.Connection) -> int:
        return samples.label_untimed(
            connection,
            boot=self.boot,
            now=self._clock.now(),
            mono=self._clock.monotonic(),
            epoch=self.epoch,
        )
