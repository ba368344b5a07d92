"""Closes what is due of a stored life hour by hour; dies of SIGKILL at a statement of the store.

`closing_child.py FOLDER EVERY_S START HOURS STATEMENT`: at the STATEMENT-th statement of the
writer's connection, whichever that is; 0 lets it live. What it did is in FOLDER.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from agent_fakes import FakeBells, FakeClock
from campaign_plant import HOUR, plan_of
from turbine_site import turbine_site

from agent.metrics import Metrics
from agent.periods import Periods
from agent.store import series
from agent.store.db import Store

HAND = "hand"
"""Where the clock's hand is noted: a clock goes on while the agent is down."""


async def close(folder: Path, *, every_s: int, start: int, hours: int, statement: int) -> None:
    plan = plan_of(turbine_site(every_s=every_s))
    hand = folder / HAND
    first = int(hand.read_text()) if hand.exists() else 0
    clock = FakeClock(float(start))
    async with Store(folder, ballast_mb=0) as store:
        names = await store.read(series.load)
        periods = Periods(plan, names, store, clock, FakeBells(clock), Metrics())
        assert store._writer is not None
        left = statement

        def seen(_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        store._writer.set_trace_callback(seen)
        for number in range(first, hours + 1):
            hand.write_text(str(number))
            clock.at = start + number * HOUR + (6 if number else 0)
            await periods.close_due()


if __name__ == "__main__":
    where, *numbers = sys.argv[1:]
    every_s, start, hours, statement = map(int, numbers)
    asyncio.run(close(Path(where), every_s=every_s, start=start, hours=hours, statement=statement))
