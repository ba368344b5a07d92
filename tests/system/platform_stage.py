"""A platform on a free loopback port, with its desk, for as long as a test lasts."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from plain_station import HOST, WAIT_S

from agent.tools.platform.course import Course
from agent.tools.platform.desk import Desk, Patience
from agent.tools.platform.ledger import Entry
from agent.tools.platform.places import Place
from agent.tools.platform.platform import Platform
from agent.tools.platform.tcp_intake import TcpIntake

PATIENT = Patience(answer_s=WAIT_S, resends=0, execution_s=WAIT_S, station_s=WAIT_S)


@dataclass(slots=True)
class Stage:
    """The platform, its intake and desk, and every frame it judged."""

    platform: Platform
    desk: Desk
    intake: TcpIntake
    entries: list[Entry] = field(default_factory=list)
    ended: list[Course] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.intake.port

    async def until_judged(self, count: int) -> list[Entry]:
        """Wait until so many frames were judged."""
        async with asyncio.timeout(WAIT_S):
            while len(self.entries) < count:
                self.platform.heard.clear()
                await self.platform.heard.wait()
        return self.entries


@contextlib.asynccontextmanager
async def on_stage(
    platform: Platform | None = None,
    *,
    patience: Patience = PATIENT,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Stage]:
    platform = platform or Platform()
    intake = TcpIntake(platform, Place(HOST, 0), tls)
    stage = Stage(platform, Desk(platform, patience), intake)
    platform.on_entry = stage.entries.append
    stage.desk.on_end = stage.ended.append
    tasks = [asyncio.ensure_future(one) for one in (intake.run(), stage.desk.serve())]
    try:
        await asyncio.wait_for(intake.ready.wait(), WAIT_S)
        yield stage
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
