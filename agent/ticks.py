"""Calendar ticks. They only say "look at what is due"; what is due is asked of store and clock.

APScheduler runs on wall time and sleeps through a step back, so after every step all jobs are set
anew; and it never carries polling, which lives on the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Self

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

Tick = Callable[[], Awaitable[None]]

# 19:20 UTC is 03:20 at the outlet: no hour ends, no day report is due.
_NIGHT = {"hour": 19, "minute": 20}
_SHORTEST_S = 0.05


class Ticks:
    """The scheduler of one process. Use as `async with Ticks(…)`."""

    def __init__(self, *, second: Tick, hour: Tick, night: Tick, speed: float) -> None:
        self._second, self._hour, self._night, self._speed = second, hour, night, speed
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    async def __aenter__(self) -> Self:
        """Start ticking."""
        self.set_anew()
        self._scheduler.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop ticking."""
        self._scheduler.shutdown(wait=False)

    def set_anew(self) -> None:
        """Set every job again from the present wall time."""
        every_s = max(_SHORTEST_S, 1.0 / self._speed)
        self._scheduler.add_job(
            self._second,
            IntervalTrigger(seconds=every_s, timezone=UTC),
            id="second",
            replace_existing=True,
        )
        self._scheduler.add_job(
            self._hour, CronTrigger(minute=40, timezone=UTC), id="hour", replace_existing=True
        )
        self._scheduler.add_job(
            self._night, CronTrigger(**_NIGHT, timezone=UTC), id="night", replace_existing=True
        )
