"""Writes down how uploads ended: many in one statement, in as few commits as may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.clock import Clock
from agent.store import outbox
from agent.store.db import Store
from agent.store.outbox import KEPT, End

TOGETHER = 512
"""Ends that wait for no company: fewer share the commit of somebody else, if one comes soon."""
SETTLING = 3 * TOGETHER
"""Uploads that may wait for the commit of their end, outside the window: those of three commits."""


@dataclass(slots=True)
class Ledger:
    """The ends of one connection's uploads. `settling` has them until they are on disk."""

    store: Store
    clock: Clock
    written: Callable[[list[End]], None]
    """Told of ends that are on disk now."""
    settling: dict[int, End] = field(default_factory=dict)
    _noted: list[End] = field(default_factory=list)
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    _many: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def full(self) -> bool:
        """Say whether the disk must take some before more may end."""
        return len(self.settling) >= SETTLING

    def note(self, end: End) -> None:
        """Take note of an end; it is on disk some time later."""
        self.settling[end.row.id] = end
        self._noted.append(end)
        self._some.set()
        if len(self._noted) >= TOGETHER or end.state == KEPT:
            self._many.set()

    async def run(self) -> None:
        """Write down, for ever; what was noted when this is cancelled is written, too."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._each(self._some, patient=True))
                group.create_task(self._each(self._many, patient=False))
        finally:
            await self._write(patient=False)
            if self.settling:  # what is on its way stands before this: the next connection sees it
                await self.store.write(lambda _: None)

    async def _each(self, noted: asyncio.Event, *, patient: bool) -> None:
        while True:
            await noted.wait()
            noted.clear()
            await self._write(patient=patient)

    async def _write(self, *, patient: bool) -> None:
        ends, self._noted = self._noted, []
        if not ends:
            return
        now = self.clock.now()
        await self.store.write(
            lambda connection: outbox.settle(connection, ends, now=now), patient=patient
        )
        for end in ends:
            if self.settling.get(end.row.id) is end:  # else its answer came late, meanwhile
                del self.settling[end.row.id]
        self.written(ends)
