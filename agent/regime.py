"""The plan in force, and how another one takes its place (architecture §3.10, §3.16)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.clock import Clock
from agent.contacts import end_gone
from agent.exchanging import note_serials
from agent.plan import Plan
from agent.reloading import InForce, read_again, under_overrides
from agent.settings import Site
from agent.store import journal, series
from agent.store.db import Store
from agent.store.series import Names
from agent.unlimited import end_unlimited

log = logging.getLogger(__name__)

OVERRULE_S = 10.0
"""How long a platform's answer waits for what it set to be in force."""


class Regime:
    """What everybody goes by. A changed file, or what a platform sets, makes another plan.

    `employ` has the workers that the plan in force wants at work; it gives the names of those that
    were stopped or begun.
    """

    def __init__(
        self,
        site_file: Path,
        first: InForce,
        store: Store,
        clock: Clock,
        employ: Callable[[], Awaitable[list[str]]],
    ) -> None:
        self._file, self._store, self._clock = site_file, store, clock
        self._employ = employ
        self._in_force = first
        self._changing = asyncio.Lock()
        self._set = asyncio.Event()
        """Rings when a platform set something that is to be put in force."""
        self._waiting: list[asyncio.Future[None]] = []
        """Who waits for that."""

    @property
    def in_force(self) -> InForce:
        """The plan and the file it was made of."""
        return self._in_force

    def plan(self) -> Plan:
        """Give the plan in force: a reload makes another one."""
        return self._in_force.plan

    def said(self) -> Site:
        """Give the site as the file says it, whatever platforms set since."""
        return self._in_force.said

    def names(self) -> Names:
        """Give the numbers that the store has for what is sampled."""
        return self._names

    async def heed_platforms(self) -> None:
        """Put what platforms set over what the file says."""
        await self._enact(self._in_force)

    async def _enact(self, found: InForce) -> None:
        self._in_force = await under_overrides(found, self._store, now=self._clock.now())

    async def take_over(self) -> list[str]:
        """Put the plan in force to work; gives the workers that were stopped or begun."""
        plan = self._in_force.plan
        self._names = await self._store.write(
            lambda connection: series.register(
                connection, series=plan.series(), devices=plan.devices()
            )
        )
        if self._clock.sane():
            now = self._clock.now()
            await self._store.write(lambda connection: note_serials(connection, plan, now=now))
            await self._store.write(lambda connection: end_gone(connection, plan, now=now))
            await self._store.write(lambda connection: end_unlimited(connection, plan, now=now))
        return await self._employ()

    async def reload_when(self, asked: asyncio.Event) -> None:
        """Put the file in force each time somebody asks, for ever."""
        while True:
            await asked.wait()
            asked.clear()
            async with self._changing:
                await self._reload()

    async def _reload(self) -> None:
        before = self._in_force
        after = await asyncio.to_thread(read_again, self._file, before)
        if after is None:
            return
        await self._enact(after)
        changed = await self.take_over()
        detail = {"before": before.file_hash, "after": after.file_hash, "changed": changed}
        now = self._clock.now()
        await self._store.write(
            lambda connection: journal.add(connection, "reload", detail, at=now)
        )
        log.info("reload: changed %s", ", ".join(changed) or "nothing that runs")

    async def overrule(self) -> None:
        """Have what a platform set put in force; waits for that no longer than a platform does."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._set.set()
        await asyncio.wait({done}, timeout=OVERRULE_S)

    async def overrule_when_set(self) -> None:
        """Put in force what platforms set, each time one did, for ever."""
        while True:
            await self._set.wait()
            self._set.clear()
            waiting, self._waiting = self._waiting, []
            async with self._changing:
                await self.heed_platforms()
                changed = await self.take_over()
            for one in waiting:
                if not one.done():  # its connection is gone, perhaps by this very change
                    one.set_result(None)
            log.info("set by a platform: changed %s", ", ".join(changed) or "nothing that runs")
