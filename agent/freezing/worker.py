"""What is done while an interval is frozen: instruments asked more often, films without a hole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from agent.bells import Bells
from agent.clips import order_piece
from agent.clock import Clock
from agent.plan import Plan
from agent.store import holds
from agent.store.db import Store
from agent.store.holds import Hold

LOOK_S = 2.0


@dataclass(slots=True)
class Frozen:
    """Looks whether now is frozen. `pace` is told how much more often instruments are asked.

    `plan` gives the plan in force.
    """

    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    bells: Bells
    pace: Callable[[float], None]

    async def run(self) -> None:
        """Look for ever; at its end everything goes at its own pace."""
        try:
            while True:
                await self.look()
                await self.clock.sleep(LOOK_S)
        finally:
            self.pace(1.0)

    async def look(self) -> None:
        """Set the pace, and order the next piece of each camera that looks at what is frozen."""
        now = self.clock.now()
        present = [
            one for one in await self.store.read(holds.open_ones) if one.holds(now)
        ] if self.clock.sane() else []  # fmt: skip
        self.pace(self.plan().site.evidence.poll_faster if present else 1.0)
        if present and self.plan().site.cameras and self.plan().site.evidence.record_min:
            ordered = await self.store.write(lambda connection: self._pieces(connection, present))
            self.bells.ring(*(f"actions:{camera}" for camera in ordered))

    def _pieces(self, connection: sqlite3.Connection, present: list[Hold]) -> list[str]:
        outlets = {one.outlet for one in present}
        length_s = self.plan().site.evidence.record_min * 60
        now = self.clock.now()
        return [
            camera.id
            for camera in self.plan().site.cameras
            if {"", camera.outlet} & outlets
            and order_piece(connection, camera, length_s=length_s, now=now)
        ]
